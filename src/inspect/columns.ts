import { matchesGlob } from "node:path";
import type { KnownSeries } from "../store/drift-store.ts";
import type { Store } from "../store/store.ts";

/** A column of the files of a series, as the last of them had it. */
export interface FoundColumn {
  readonly dataset: string;
  readonly series: string;
  readonly column: string;
  readonly type: string;
  readonly format: string;
  /** Files of this shape so far, and the first of them. */
  readonly files: number;
  readonly firstRaw: string;
  /** Time at which a file of the series was last sampled, ISO 8601. */
  readonly lastSeen: string;
}

/** Columns to look for: all of them by default. */
export interface WantedColumns {
  /** A name or a glob; upper and lower case are the same. */
  readonly name?: string | undefined;
  /** A glob. */
  readonly dataset?: string | undefined;
}

/** Yields the columns that are wanted, dataset by dataset, the series that was seen last first. */
export async function* columnsIn(
  { queries, drift }: Pick<Store, "queries" | "drift">,
  { name = "*", dataset: glob }: WantedColumns,
): AsyncGenerator<FoundColumn, void, void> {
  const isWanted = matcherOf(name);
  for (const dataset of await queries.datasets()) {
    if (glob !== undefined && !matchesGlob(dataset, glob)) continue;
    for await (const known of drift.allSeries(dataset)) yield* columnsOf(dataset, known, isWanted);
  }
}

/** Matches names whole; a slash in one is a character like any other. */
function matcherOf(glob: string): (name: string) => boolean {
  const flat = (text: string) => text.toLowerCase().replaceAll("/", "\u0000");
  const pattern = flat(glob);
  return (name) => name.toLowerCase() === glob.toLowerCase() || matchesGlob(flat(name), pattern);
}

function* columnsOf(
  dataset: string,
  { key, series, seenAt }: KnownSeries,
  isWanted: (name: string) => boolean,
): Generator<FoundColumn, void, void> {
  // The version that was seen last is the first one.
  const [version] = series.versions;
  if (version === undefined) return;
  const { names, types, format, files, firstRaw, header } = version;
  // Names of a file without a header are only numbers.
  if (header === "none") return;
  const lastSeen = new Date(seenAt).toISOString();
  for (const [i, column] of names.entries()) {
    if (!isWanted(column)) continue;
    const type = types[i] ?? "";
    yield { dataset, series: key, column, type, format, files, firstRaw, lastSeen };
  }
}
