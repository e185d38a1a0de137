import { type Database, HEADER_BYTES } from "./database.ts";
import { invalid } from "./invalid.ts";
import { rowidIn, varintAt } from "./varint.ts";

/** Kinds of pages ("B-tree Pages"). */
export const KIND = { indexInner: 2, tableInner: 5, indexLeaf: 10, tableLeaf: 13 } as const;
/** Bytes in front of a page's pointers. */
export const LEAF_HEADER_BYTES = 8;
export const INNER_HEADER_BYTES = 12;
/** Levels of a tree at most: SQLite makes no more. */
const MAX_DEPTH = 20;

/** An entry of a tree. */
export interface Cell {
  /** Undefined in the tree of an index, or of a table without row ids. */
  readonly rowid: bigint | undefined;
  /** Bytes of its record. */
  readonly bytes: number;
  /** The record, which may go on in other pages. */
  record(): Promise<Buffer>;
}

interface Page {
  readonly bytes: Buffer;
  readonly isTable: boolean;
  readonly isLeaf: boolean;
  /** Places of its cells. */
  readonly cells: readonly number[];
  /** The child after the last cell; 0 of a leaf. */
  readonly last: number;
}

/** A tree of a table, or of an index. */
export interface Tree {
  /** False for an index, and a table without row ids. */
  readonly isTable: boolean;
  /** Entries where it has one page only; undefined for others. */
  readonly count: number | undefined;
  /** Yields its entries in their order; no page is read before its entries are wanted. */
  cells(): AsyncGenerator<Cell, void, void>;
}

/** Opens a tree at its root. @throws Failure FORMAT_INVALID, RangeError; `cells`, too */
export async function openTree(db: Database, root: number): Promise<Tree> {
  const page = await readPage(db, root);
  const { isTable, isLeaf, cells } = page;
  return {
    isTable,
    count: isLeaf ? cells.length : undefined,
    cells: () => cellsBelow(db, page, isTable, 1),
  };
}

async function* cellsBelow(
  db: Database,
  { bytes, isTable, isLeaf, cells, last }: Page,
  isOfTable: boolean,
  depth: number,
): AsyncGenerator<Cell, void, void> {
  if (isTable !== isOfTable) throw invalid("a tree has pages of tables and of indexes");
  if (depth > MAX_DEPTH) throw invalid(`a tree of more than ${MAX_DEPTH} levels`);
  for (const at of cells) {
    if (!isLeaf) yield* below(bytes.readUInt32BE(at));
    if (isLeaf || !isTable) yield cellAt(db, bytes, isLeaf ? at : at + 4, isTable);
  }
  if (!isLeaf) yield* below(last);

  async function* below(number: number): AsyncGenerator<Cell, void, void> {
    const child = await readPage(db, number);
    if (child.cells.length === 0) throw invalid(`page ${number} is empty`);
    yield* cellsBelow(db, child, isOfTable, depth + 1);
  }
}

async function readPage(db: Database, number: number): Promise<Page> {
  const bytes = await db.page(number);
  const start = number === 1 ? HEADER_BYTES : 0;
  const kind = bytes.readUInt8(start);
  const isLeaf = kind === KIND.tableLeaf || kind === KIND.indexLeaf;
  const isTable = kind === KIND.tableLeaf || kind === KIND.tableInner;
  if (!isLeaf && !isTable && kind !== KIND.indexInner)
    throw invalid(`page ${number} is of no tree`);
  const cellsAt = start + (isLeaf ? LEAF_HEADER_BYTES : INNER_HEADER_BYTES);
  const count = bytes.readUInt16BE(start + 3);
  if (cellsAt + 2 * count > db.usable) throw invalid(`page ${number} has ${count} entries`);
  const cells = Array.from({ length: count }, (_, i) => bytes.readUInt16BE(cellsAt + 2 * i));
  return { bytes, isTable, isLeaf, cells, last: isLeaf ? 0 : bytes.readUInt32BE(start + 8) };
}

function cellAt(db: Database, page: Buffer, start: number, isTable: boolean): Cell {
  const size = varintAt(page, start);
  const rowid = isTable ? varintAt(page, size.end) : undefined;
  const at = rowid?.end ?? size.end;
  return {
    rowid: rowid && rowidIn(page, size.end, rowid.end),
    bytes: size.value,
    record: () => recordAt(db, page, { at, bytes: size.value, isTable }),
  };
}

async function recordAt(
  db: Database,
  page: Buffer,
  {
    at,
    bytes,
    isTable,
  }: { readonly at: number; readonly bytes: number; readonly isTable: boolean },
): Promise<Buffer> {
  const here = bytesInPage(bytes, db.usable, isTable);
  if (at + here > db.usable) throw invalid("an entry is cut off");
  const pieces = [page.subarray(at, at + here)];
  let next = here < bytes ? page.readUInt32BE(at + here) : 0;
  for (let left = bytes - here; left > 0; left -= db.usable - 4) {
    const more = await db.page(next);
    pieces.push(more.subarray(4, Math.min(db.usable, 4 + left)));
    next = more.readUInt32BE(0);
  }
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
}

/** Bytes of a record that stand in its page; the others are in overflow pages ("Cell Payload Overflow Pages"). */
export function bytesInPage(bytes: number, usable: number, isTable: boolean): number {
  const most = isTable ? usable - 35 : share(64) - 23;
  if (bytes <= most) return bytes;
  const least = share(32) - 23;
  const some = least + ((bytes - least) % (usable - 4));
  return some <= most ? some : least;

  function share(of255: number): number {
    return Math.floor(((usable - 12) * of255) / 255);
  }
}
