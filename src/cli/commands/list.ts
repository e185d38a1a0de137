import type { ListFilter, ListedEntry } from "../../store/rows.ts";
import type { ShownOutcome } from "../../store/types.ts";
import { matchesGlob } from "node:path";
import { stringify } from "csv-stringify/sync";
import { Failure, type FailureCode } from "../../errors.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { settingsFor } from "../settings-for.ts";
import { matchesRaw } from "../filter.ts";
import { bytesText, counted, formatText, printable } from "../../lib/text.ts";
import { arrayPrinter, drained, printFields } from "../output/print.ts";
import { needDataset } from "../../inspect/unknown-names.ts";
import type { Verdict } from "../../store/types.ts";
import { explainNothing } from "../nothing-found.ts";
import { fromText } from "../../inspect/from-text.ts";
import { heldBy, isDue, shownOutcome } from "../../inspect/state-text.ts";
import { type WaitingFor, waitingFor } from "../../inspect/waiting-for.ts";
import { holderOf, openStoreToRead } from "../../store/open.ts";

/** Options of `list`. */
export interface ListOptions extends InspectOptions {
  readonly glob?: string;
  readonly dataset?: string;
  readonly outcome?: ShownOutcome | "waiting";
  readonly validation?: Verdict;
  readonly code?: FailureCode;
  readonly format?: string;
  readonly since?: string;
  readonly limit?: number;
  readonly newest?: boolean;
  readonly csv?: boolean;
}

/** Prints entries as they come. @throws Failure USAGE, CONFIG_INVALID or CACHE_UNUSABLE */
export async function list(options: ListOptions, context: Context): Promise<number> {
  const { json, csv } = options;
  const filter = filterOf(options, Date.now());
  const settings = settingsFor(options, context);
  await using store = await openStoreToRead(settings);
  const { queries } = store;
  const print =
    csv === true
      ? csvPrinter(context)
      : json === true
        ? jsonPrinter(context)
        : linePrinter(
            await waitingFor(store.process, settings, (await holderOf(settings)) ?? null),
            context,
          );
  needDataset(options.dataset, await queries.datasets());
  let isEmpty = true;
  for await (const entry of queries.entries(filter)) {
    isEmpty = false;
    print.entry(entry);
    await drained(context);
  }
  if (isEmpty) await explainNothing(queries, options, context);
  print.end();
  return exitCodes.done;
}

/** The filter that options ask for; `now` is ms since epoch. */
function filterOf(options: ListOptions, now: number): ListFilter {
  const { glob, dataset, format, outcome, validation, code, since, limit, newest } = options;
  return {
    ...(outcome === undefined ? {} : { outcome }),
    ...(validation === undefined ? {} : { validation }),
    ...(code === undefined ? {} : { code }),
    ...(since === undefined ? {} : { since: sinceOf(since, now) }),
    ...(dataset === undefined ? {} : { hasDataset: (name) => matchesGlob(name, dataset) }),
    ...(glob === undefined ? {} : { hasRaw: (raw) => matchesRaw(raw, glob) }),
    ...(format === undefined
      ? {}
      : {
          hasFormat: (name, sample) =>
            matchesGlob(name, format) || matchesGlob(formatText(name, sample), format),
        }),
    ...(limit === undefined ? {} : { limit }),
    isNewestFirst: newest === true,
  };
}

interface Printer {
  entry(entry: ListedEntry): void;
  end(): void;
}

/**
 * Creates a printer: columns side by side, as wide as the terminal; elsewhere separated by tabs.
 */
function linePrinter(waiting: WaitingFor, context: Context): Printer {
  const now = Date.now();
  const { isTTY } = context.out;
  return {
    end: () => undefined,
    entry(entry) {
      const { dataset, raw, waiting: waits } = entry;
      const state = waits ? "waiting" : (shownOutcome(entry) ?? "moved");
      const facts = factsOf(entry, now, heldBy(waiting, dataset));
      printFields(context, [isTTY ? state.padEnd(9) : state, dataset, raw, ...facts]);
    },
  };
}

function factsOf(entry: ListedEntry, now: number, waitsFor: string | null): readonly string[] {
  const { sample, format, rows, bytes, validation, code } = entry;
  const { message, reason, nextAt, acknowledged } = entry;
  const why = isDue(nextAt, now) && waitsFor !== null ? [`waits: ${waitsFor}`] : [];
  const seen = acknowledged ? ["(acknowledged)"] : [];
  if (code !== null) return [`${code}: ${message}`, ...seen, ...why];
  const facts = [
    sample,
    format === null ? null : formatText(format, sample),
    rows === null ? null : counted(rows, "row"),
    bytes === null ? null : bytesText(bytes),
    reason,
    fromText(entry) ?? null,
    validation === null ? null : `contract: ${validation}`,
  ];
  return [...facts.filter((fact) => fact !== null), ...why];
}

function jsonPrinter(context: Context): Printer {
  const { element, end } = arrayPrinter(context);
  return { entry: element, end };
}

/**
 * Creates a printer of CSV: exact for programs; on a terminal without control characters, and with
 * no field a formula.
 */
function csvPrinter({ out }: Context): Printer {
  const cast = out.isTTY ? { boolean: String, string: printable } : { boolean: String };
  const options = { columns, cast, escape_formulas: out.isTTY };
  // Also where no entry follows: a reader of CSV wants to know the columns.
  out.write(stringify([columns]));
  return {
    end: () => undefined,
    entry: (entry) => void out.write(stringify([entry], options)),
  };
}

const columns: (keyof ListedEntry)[] = [
  "dataset",
  "raw",
  "bronze",
  "mtime",
  "outcome",
  "described",
  "waiting",
  "sample",
  "stale",
  "format",
  "rows",
  "bytes",
  "sourceSize",
  "reason",
  "validation",
  "code",
  "message",
  "attempts",
  "nextAt",
  "at",
  "acknowledged",
  "from",
  "confirmed",
  "goneAt",
];

/** A time, ms since epoch, from ISO 8601 or from an age. */
function sinceOf(text: string, now: number): number {
  const age = /^(\d+)([smhd])$/.exec(text);
  const units: Readonly<Record<string, number>> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5 };
  const time =
    age === null ? isoTime(text) : now - Number(age[1]) * (units[age[2] as string] as number);
  if (Number.isNaN(time))
    throw new Failure("USAGE", `--since ${text}: use ISO 8601, or 30s, 90m, 12h, 7d`);
  return time;
}

/**
 * A time of ISO 8601 in ms since epoch; NaN for other text. `Date.parse` takes much else, such as
 * `90` for a year.
 */
function isoTime(text: string): number {
  return /^\d{4}(-\d\d(-\d\d([T ][\d:.]+(Z|[+-]\d\d:\d\d)?)?)?)?$/.test(text)
    ? Date.parse(text)
    : NaN;
}
