import { resolve } from "node:path";
import type { Settings } from "../../config/settings.ts";

/** A command to copy, and what it is for. */
export interface Command {
  readonly does: string;
  readonly line: string;
}

/** The entry that commands are about. */
export interface CommandTarget {
  readonly dataset: string;
  readonly raw: string;
  /** True when `retry` would change anything. */
  readonly canRetry: boolean;
}

/** Commands about an entry, for a shell on the daemon's machine. */
export function commandsFor(
  settings: Pick<Settings, "origin">,
  { dataset, raw, canRetry }: CommandTarget,
): Command[] {
  const where = placeOf(settings);
  const commands: Command[] = [];
  // What a shell passes on arrives as UTF-8.
  if (raw.isWellFormed()) {
    commands.push({
      does: "All about this file: its manifest lines and receipts too",
      line: lineOf("explain", [...where, `--dataset ${quoted(dataset)}`, argument(raw)]),
    });
  }
  if (canRetry) {
    commands.push({
      does: "Make it due again; a running daemon takes it at once",
      line: lineOf("retry", [
        ...where,
        `--dataset ${quoted(globFor(dataset))}`,
        argument(globFor(raw)),
      ]),
    });
  }
  return commands;
}

/** One line for each option, as a shell takes it. */
function lineOf(command: string, parts: readonly string[]): string {
  return [`staging-sampler ${command}`, ...parts].join(" \\\n  ");
}

/** The options with which a command finds this lake. */
function placeOf({ origin: { file, config, prefix } }: Pick<Settings, "origin">): string[] {
  const options = file === undefined ? [] : [`--config ${quoted(file)}`];
  const isSaid = config.prefix !== undefined && resolve(config.prefix) === prefix;
  if (file === undefined || !isSaid) options.push(`--prefix ${quoted(prefix)}`);
  return options;
}

/** A glob that matches a path; characters that cannot be escaped in one match any character. */
export function globFor(path: string): string {
  return path.replace(/[*?[\]()+@|#]/g, "[$&]").replace(/^!|[\\{},]|\p{Surrogate}/gu, "?");
}

/** A word as a POSIX shell takes it; with `$'…'` where it holds characters that cannot be seen. */
export function quoted(word: string): string {
  if (/^[\w@%+:,./=-]+$/.test(word)) return word;
  // oxlint-disable-next-line no-control-regex
  if (!/[\u0000-\u001f\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/u.test(word)) {
    return `'${word.replaceAll("'", String.raw`'\''`)}'`;
  }
  const escaped = word
    .replace(/[\\']/g, String.raw`\$&`)
    // oxlint-disable-next-line no-control-regex
    .replace(/[\u0000-\u001f\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
      [...Buffer.from(character)]
        .map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`)
        .join(""),
    );
  return `$'${escaped}'`;
}

/** The same for an argument: one that begins with a dash must not be an option. */
function argument(word: string): string {
  return word.startsWith("-") ? `-- ${quoted(word)}` : quoted(word);
}
