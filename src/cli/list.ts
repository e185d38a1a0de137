import { matchesGlob } from "node:path";
import { stringify } from "csv-stringify/sync";
import { listEntries, type ListedEntry, type ListFilter } from "../cache/list.ts";
import { openCacheToRead } from "../cache/open.ts";
import { Failure } from "../errors.ts";
import { type Context, exitCodes, type InspectOptions, settingsFor } from "./command.ts";
import { arrayPrinter, bytesText, drained, printable, printLine } from "./print.ts";

/** Options of `list`. */
export interface ListOptions extends InspectOptions {
  readonly glob?: string;
  readonly dataset?: string;
  readonly outcome?: "sampled" | "failed" | "pruned" | "waiting";
  readonly since?: string;
  readonly csv?: boolean;
}

/** Prints entries as they come. @throws Failure USAGE, CONFIG_INVALID or CACHE_UNUSABLE */
export async function list(options: ListOptions, context: Context): Promise<number> {
  const { outcome, since, json, csv } = options;
  const db = openCacheToRead(settingsFor(options, context).state);
  const filter: ListFilter = {
    ...(outcome === undefined ? {} : { outcome }),
    ...(since === undefined ? {} : { since: sinceOf(since, Date.now()) }),
  };
  const print =
    csv === true
      ? csvPrinter(context)
      : json === true
        ? jsonPrinter(context)
        : linePrinter(context);
  for (const entry of listEntries(db, filter)) {
    if (!isWanted(entry, options)) continue;
    print.entry(entry);
    await drained(context);
  }
  print.end();
  db.close();
  return exitCodes.done;
}

interface Printer {
  entry(entry: ListedEntry): void;
  end(): void;
}

function isWanted({ dataset, raw }: ListedEntry, options: ListOptions): boolean {
  if (options.dataset !== undefined && !matchesGlob(dataset, options.dataset)) return false;
  return options.glob === undefined || matchesGlob(raw, options.glob);
}

function linePrinter(context: Context): Printer {
  return {
    end: () => undefined,
    entry({ dataset, raw, outcome, waiting, sample, format, rows, bytes, code, message, reason }) {
      const state = waiting ? "waiting" : (outcome ?? "new");
      const facts =
        code === null
          ? [
              sample,
              format,
              rows === null ? null : `${rows} rows`,
              bytes === null ? null : bytesText(bytes),
              reason,
            ]
          : [`${code}: ${message}`];
      const shown = facts.filter((fact) => fact !== null).join("  ");
      printLine(context, printable(`${state.padEnd(8)} ${dataset}  ${raw}  ${shown}`));
    },
  };
}

function jsonPrinter(context: Context): Printer {
  const { element, end } = arrayPrinter(context);
  return { entry: element, end };
}

function csvPrinter(context: Context): Printer {
  let header = true;
  return {
    end: () => undefined,
    entry(entry) {
      context.out.write(stringify([entry], { header, cast: { boolean: String } }));
      header = false;
    },
  };
}

/** A time: ISO 8601, or how long ago it was; returns ms since epoch. */
function sinceOf(text: string, now: number): number {
  const age = /^(\d+)([smhd])$/.exec(text);
  const units: Readonly<Record<string, number>> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5 };
  const time =
    age === null ? Date.parse(text) : now - Number(age[1]) * (units[age[2] as string] as number);
  if (Number.isNaN(time))
    throw new Failure("USAGE", `--since ${text}: use ISO 8601, or 30s, 90m, 12h, 7d`);
  return time;
}
