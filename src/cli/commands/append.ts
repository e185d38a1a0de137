import { stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { errorMessage, Failure } from "../../errors.ts";
import { isAbsence } from "../../lake/roots.ts";
import { pathBytes } from "../../lib/pep383.ts";
import { isUrl, shownBronze } from "../../lib/bronze-url.ts";
import { appendEntry } from "../../manifest/append.ts";
import { appendMany } from "../../manifest/append-many.ts";
import type { Entry } from "../../manifest/types.ts";
import { type CommonOptions, type Context, exitCodes } from "../command.ts";
import { settingsFor } from "../settings-for.ts";
import { printText, tell } from "../output/print.ts";
import { createProblems } from "../output/problems.ts";
import { counted, jsonText } from "../../lib/text.ts";
import { BRONZE } from "../../lake/dataset.ts";

/** Options of `append`. */
export interface AppendCommandOptions extends CommonOptions {
  readonly dataset: string;
  readonly raw?: string;
  readonly bronze?: string;
  readonly mtime?: string;
  /** True to read many entries from stdin. */
  readonly stdin?: boolean;
  /** True to refuse an entry whose bronze, or whose dataset's `bronze/`, is not there. */
  readonly strict?: boolean;
  readonly json?: boolean;
}

/**
 * Appends one entry to a manifest; warns where it looks like a slip, or refuses it.
 * @throws Failure USAGE, MANIFEST_UNREADABLE; with `strict` FILE_MISSING
 */
export async function append(options: AppendCommandOptions, context: Context): Promise<number> {
  const { dataset, raw, bronze, mtime, strict, json, stdin } = options;
  if (stdin !== true && (raw === undefined || bronze === undefined))
    throw new Failure("USAGE", "append needs --raw and --bronze, or --stdin");
  const { prefix } = settingsFor(options, context);
  if (raw === undefined || bronze === undefined) return appendLines(prefix, options, context);
  const entry = { prefix, dataset, raw, bronze };
  const missing = await missingOf(join(prefix, dataset), { dataset, bronze });
  if (strict === true && missing.length > 0) {
    throw new Failure("FILE_MISSING", `${missing.join("; ")}; nothing was appended`);
  }
  const line = await appendEntry(mtime === undefined ? entry : { ...entry, mtime: seconds(mtime) });
  for (const what of missing) tell(context, `warning: ${what}`);
  const appended = JSON.parse(line) as Entry;
  if (json === true)
    printText(context, jsonText({ ...appended, bronze: shownBronze(appended.bronze) }));
  return exitCodes.done;
}

/** Appends the entries on stdin; tells the lines that are none. @throws as `append` */
async function appendLines(
  prefix: string,
  { dataset, strict, json }: AppendCommandOptions,
  context: Context,
): Promise<number> {
  const directory = join(prefix, dataset);
  const refuse = async ({ bronze }: Pick<Entry, "bronze">) =>
    (await missingOf(directory, { dataset, bronze })).at(0);
  const { onProblem, count } = createProblems(context);
  const appended = await appendMany({
    prefix,
    dataset,
    chunks: process.stdin,
    refuse: strict === true ? refuse : undefined,
    onRefused: (line, reason) => onProblem(`line ${line}`, reason),
  });
  if (json === true) printText(context, jsonText({ appended, refused: count() }));
  else tell(context, `appended ${counted(appended, "line")}, refused ${count()}`);
  return count() === 0 ? exitCodes.done : exitCodes.entriesFailed;
}

/** Messages about what a pass would not find: an entry without it waits, or fails. */
async function missingOf(
  directory: string,
  { dataset, bronze }: { readonly dataset: string; readonly bronze: string },
): Promise<readonly string[]> {
  // What lies elsewhere is seen when its time comes.
  if (isUrl(bronze)) return [];
  const folder = join(directory, BRONZE);
  const file = isAbsolute(bronze) ? bronze : join(directory, bronze);
  return [
    ...((await isThere(folder))
      ? []
      : [`${folder} is not there: is ${dataset} the right dataset?`]),
    ...((await isThere(file)) ? [] : [`${file} is not there: append after the copy is complete`]),
  ];
}

/**
 * True unless a path is known to be absent: what we cannot look at may be there for those who
 * sample.
 */
async function isThere(path: string): Promise<boolean> {
  return stat(pathBytes(path)).then(
    () => true,
    (error: unknown) => !isAbsence(error),
  );
}

function seconds(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new Failure(
    "USAGE",
    `--mtime ${errorMessage(text)} is not a number of seconds since epoch`,
  );
}
