import { hash } from "node:crypto";
import { Failure } from "../../errors.ts";
import type { Source, Target } from "./parts.ts";
import { keyOf, type Row, type Table, tables, type Value } from "./tables.ts";

/** Rows that are held at once, where a table does not say another number. */
const AT_ONCE = 1000;
/** Bytes of a checksum: that of SHA-256. */
const SUM_BYTES = 32;

/** Called with the number of rows that were copied, or compared, since the last call. */
export type OnRows = (rows: number) => void;

/** How far a copying is. */
interface Place {
  /** Name of the source. */
  readonly from: string;
  /** The table that is under way: those before it are whole. */
  readonly table: string;
  /** Key of the last row that was copied, as the source gave it; null before the first one. */
  readonly after: Row | null;
}

/** Number of rows that a copying reads of each of two stores: one that goes on reads fewer. */
export async function rowsToCopy(from: Source): Promise<number> {
  let rows = 0;
  for (const table of tables) rows += await from.count(table);
  return rows;
}

/**
 * Copies all rows of a store to another one, table by table, and compares each table by the number
 * and the checksum of its rows. Goes on where an earlier copying from the same store ended; a table
 * that has changed in the source since then is copied again from its beginning.
 * @throws Failure CACHE_UNUSABLE where the target is not free, or the source changes meanwhile
 */
export async function copyAll(from: Source, to: Target, onRows: OnRows): Promise<void> {
  if (await isWhole(from, to, onRows)) return to.finish(await from.facts(), from.name);
  const place = await placeIn(to, from.name);
  const begun = tables.findIndex(({ name }) => name === place?.table);
  for (const [i, table] of tables.entries()) {
    if (i > begun) await copyTable(from, to, { table, after: null, onRows });
    else if (i === begun) await copyTable(from, to, { table, after: place?.after ?? null, onRows });
    await compare(from, to, { table, onRows });
  }
  await to.finish(await from.facts(), from.name);
}

/** True when an earlier copying came to its end, and nothing has changed since. */
async function isWhole(from: Source, to: Target, onRows: OnRows): Promise<boolean> {
  if ((await to.note()) !== undefined || (await to.cameFrom()) !== from.name) return false;
  for (const table of tables) {
    if (!(await areEqual(from, to, table))) return false;
    onRows(2 * (await from.count(table)));
  }
  return true;
}

/** The place in which an earlier copying ended; undefined where there was none. */
async function placeIn(to: Target, from: string): Promise<Place | undefined> {
  const note = await to.note();
  if (note !== undefined) {
    const place = JSON.parse(note, asBuffer) as Place;
    if (place.from === from) return place;
    const message = `${to.name} has a part of ${place.from}`;
    throw new Failure("CACHE_UNUSABLE", `${message}: migrate that one, or ${to.howToClear}`);
  }
  if (!(await to.isTaken())) return undefined;
  const message = `${to.name} knows of files already, and nothing is added to them`;
  throw new Failure("CACHE_UNUSABLE", `${message}: ${to.howToClear}`);
}

/** A table, and who hears of its rows. */
interface Task {
  readonly table: Table;
  readonly onRows: OnRows;
}

/** Copies the rows of a table after a key. */
async function copyTable(
  from: Source,
  to: Target,
  { table, after, onRows }: Task & { readonly after: Row | null },
): Promise<void> {
  for await (const rows of pagesOf(from, table, after)) {
    await to.add(table, rows, noteOf(from, table, keyOf(table, rows.at(-1) as Row)));
    onRows(rows.length);
  }
}

/** Compares a table of two stores. Where they differ, it is copied once more from its beginning. */
async function compare(from: Source, to: Target, { table, onRows }: Task): Promise<void> {
  for (const isAgain of [false, true]) {
    if (await areEqual(from, to, table)) {
      onRows(await from.count(table));
      return;
    }
    if (isAgain) break;
    await to.empty(table, noteOf(from, table, null));
    await copyTable(from, to, { table, after: null, onRows });
  }
  const message = `${table.name} of ${from.name} and of ${to.name} differ`;
  throw new Failure("CACHE_UNUSABLE", `${message}: does a command change something meanwhile?`);
}

/** True when a table has the same rows in two stores. */
async function areEqual(from: Source, to: Source, table: Table): Promise<boolean> {
  return (await sumOf(from, table)) === (await sumOf(to, table));
}

/** Number of a table's rows and a checksum of them, the same in whichever order they come. */
async function sumOf(store: Source, table: Table): Promise<string> {
  const sum = Buffer.alloc(SUM_BYTES);
  let count = 0;
  for await (const rows of pagesOf(store, table, null)) {
    // No two rows are equal, so that none takes another one's bits away.
    for (const row of rows) {
      const one = hash("sha256", JSON.stringify(row.map(asText)), "buffer");
      for (let i = 0; i < SUM_BYTES; i += 1) sum[i] = (sum[i] as number) ^ (one[i] as number);
    }
    count += rows.length;
  }
  return `${count} ${sum.toString("hex")}`;
}

function asText(value: Value): Exclude<Value, Buffer> {
  return Buffer.isBuffer(value) ? value.toString("latin1") : value;
}

async function* pagesOf(
  store: Source,
  table: Table,
  after: Row | null,
): AsyncGenerator<readonly Row[]> {
  const { atOnce = AT_ONCE } = table;
  for (let key = after ?? undefined; ;) {
    const rows = await store.rowsAfter(table, key, atOnce);
    if (rows.length > 0) yield rows;
    if (rows.length < atOnce) return;
    key = keyOf(table, rows.at(-1) as Row);
  }
}

function noteOf(from: Source, { name: table }: Table, after: Row | null): string {
  const place: Place = { from: from.name, table, after };
  return JSON.stringify(place);
}

/** A buffer as JSON has it: undoes what `JSON.stringify` does to one. */
function asBuffer(_: string, value: unknown): unknown {
  const isBytes = (value as { type?: unknown } | null)?.type === "Buffer";
  return isBytes ? Buffer.from((value as { data: number[] }).data) : value;
}
