import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { withWholeCells } from "../decode/cell.ts";
import { Failure } from "../errors.ts";
import { fileName } from "../lib/text.ts";
import { checkShown } from "../masking/shown.ts";
import { previousName, sampleOfPrevious } from "../samples/previous.ts";
import { openStoreToRead } from "../store/open.ts";
import type { WholeEntry } from "../store/rows.ts";
import type { Store } from "../store/store.ts";
import { readView, type View } from "../view/view.ts";
import { type ComparedTable, diffTables, type TableDiff } from "./diff-tables.ts";
import { seriesReports } from "./drift.ts";
import { rootsOf } from "./find.ts";
import { unknownRaw } from "./unknown-names.ts";

/** Rows of a sample that are compared, at most. */
const MAX_ROWS = 10_000;
const NOTHING: ComparedTable = { columns: [], rows: [] };

/** A sample that is compared. */
export interface Side {
  readonly raw: string;
  /** Below the dataset. */
  readonly sample: string;
  /** Rows in it. */
  readonly rows: number;
}

/** Two samples, compared. */
export interface Diff {
  readonly dataset: string;
  readonly before: Side;
  readonly now: Side;
  readonly tables: readonly TableDiff[];
}

/** The samples to compare. */
export interface WantedDiff {
  readonly raw: string;
  /** The raw to compare with; without it, an earlier sample is looked for. */
  readonly other?: string | undefined;
  readonly dataset?: string | undefined;
  /** Rows of each side that are kept. */
  readonly rows: number;
}

/**
 * Compares the sample of a raw with that of another one: the one named, its own of before its shape
 * changed, or that of the last other shape of its series. One for each dataset that has the raw.
 * @throws Failure USAGE where there is nothing to compare; CACHE_UNUSABLE
 */
export async function diffOf(settings: Settings, wanted: WantedDiff): Promise<readonly Diff[]> {
  await using store = await openStoreToRead(settings);
  const entries = await entriesOf(store, settings, wanted);
  const all: Diff[] = [];
  for (const entry of entries) {
    const before = await earlierOf(store, settings, { ...wanted, entry });
    all.push(await withWholeCells(() => compared(settings, { entry, before, rows: wanted.rows })));
  }
  return all;
}

async function entriesOf(
  { queries }: Store,
  settings: Settings,
  { raw, dataset }: Pick<WantedDiff, "raw" | "dataset">,
): Promise<readonly WholeEntry[]> {
  const entries = await queries.entriesOf(raw, dataset);
  if (entries.length === 0) throw new Failure("USAGE", await unknownRaw(queries, { raw, dataset }));
  for (const entry of entries) {
    checkShown(settings.forDataset(entry.dataset).mask, entry);
    if (entry.sample === null)
      throw new Failure("USAGE", `${entry.dataset} ${raw} has no sample; \`explain\` says why`);
  }
  return entries;
}

/** The earlier sample: whose it is, and its path below the dataset. */
async function earlierOf(
  store: Store,
  settings: Settings,
  { entry, other }: WantedDiff & { readonly entry: WholeEntry },
): Promise<Pick<Side, "raw" | "sample">> {
  const { dataset, raw, sample } = entry;
  const previous = previousName(sample as string);
  if (other === undefined && existsSync(join(settings.prefix, dataset, previous)))
    return { raw, sample: previous };
  const from = other ?? (await otherShapeOf(store, settings, entry));
  if (from === undefined) {
    const message = `${dataset} ${raw}: no earlier sample of another shape; name the raw to compare with`;
    throw new Failure("USAGE", message);
  }
  const [found] = await entriesOf(store, settings, { raw: from, dataset });
  return { raw: from, sample: (found as WholeEntry).sample as string };
}

/** The first raw of the last seen of the other shapes in a raw's series. */
async function otherShapeOf(
  store: Store,
  settings: Settings,
  { dataset, raw }: WholeEntry,
): Promise<string | undefined> {
  for await (const { versions } of seriesReports(store, settings, { what: raw, dataset })) {
    const others = versions.slice(0, -1).filter(({ firstRaw }) => firstRaw !== raw);
    return others.toSorted((a, b) => b.lastSeen.localeCompare(a.lastSeen))[0]?.firstRaw;
  }
  return undefined;
}

async function compared(
  settings: Settings,
  {
    entry,
    before,
    rows,
  }: {
    readonly entry: WholeEntry;
    readonly before: Pick<Side, "raw" | "sample">;
    readonly rows: number;
  },
): Promise<Diff> {
  const { dataset, raw } = entry;
  const sample = entry.sample as string;
  const was = await viewOf(settings, dataset, before.sample);
  const is = await viewOf(settings, dataset, sample);
  const titles = [...new Set([...was.tables, ...is.tables].map(({ title }) => title))];
  return {
    dataset,
    before: { ...before, rows: rowsIn(was) },
    now: { raw, sample, rows: rowsIn(is) },
    tables: titles.map((title) => diffTables(title, tableOf(was, title), tableOf(is, title), rows)),
  };
}

async function viewOf(settings: Settings, dataset: string, sample: string): Promise<View> {
  const name = fileName(sample);
  const { extensions } = settings.forDataset(dataset);
  const roots = await rootsOf(settings);
  return readView(join(settings.prefix, dataset, sample), {
    rows: MAX_ROWS,
    name: sampleOfPrevious(name) ?? name,
    extensions,
    roots,
  });
}

function rowsIn({ tables }: View): number {
  return tables.reduce((sum, { rows }) => sum + rows.length, 0);
}

function tableOf({ tables }: View, title: string | null): ComparedTable {
  return tables.find((table) => table.title === title) ?? NOTHING;
}
