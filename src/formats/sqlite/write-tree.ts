import { HEADER_BYTES } from "./database.ts";
import { bytesInPage, INNER_HEADER_BYTES, KIND, LEAF_HEADER_BYTES } from "./tree.ts";
import { varint } from "./varint.ts";

/** An entry to write: of a table with its row id, of an index without. */
export interface Entry {
  readonly rowid?: bigint | undefined;
  readonly record: Buffer;
}

/** The pages of a database that is written. */
export interface Pages {
  readonly pageBytes: number;
  /** By their numbers, less one; the first one is there from the beginning. */
  readonly list: Buffer[];
}

/** Bytes that a cell takes at least, its pointer, and the number of a page. */
const LEAST_CELL_BYTES = 4;
const POINTER_BYTES = 2;
const NUMBER_BYTES = 4;

/** A level of a tree: its cells, and the pages between which these stand; leaves have none. */
interface Level {
  readonly cells: readonly Buffer[];
  readonly children: readonly number[] | undefined;
}

/** Creates the pages of a database: its first one. */
export function createPages(pageBytes: number): Pages {
  return { pageBytes, list: [Buffer.alloc(pageBytes)] };
}

/**
 * Writes the tree of a table, or of an index, with its entries, which are in order. Returns the number
 * of its root: a new page, where none is given.
 */
export function writeTree(
  pages: Pages,
  entries: readonly Entry[],
  { isTable, root }: { readonly isTable: boolean; readonly root?: 1 },
): number {
  let level: Level = {
    cells: entries.map((entry) => cellOf(pages, entry, isTable)),
    children: undefined,
  };
  if (bytesOf(level) > roomIn(pages, level, root)) level = writeLeaves();
  while (bytesOf(level) > roomIn(pages, level, root)) level = writeInner(level);
  return writePage(pages, level, isTable, root);

  /** The level above leaves: an index has each of its entries once, a table's leaves have all. */
  function writeLeaves(): Level {
    if (!isTable) return writeInner(level);
    const parts = partsOf(pages, level, 0);
    return {
      children: parts.map(([from, end]) =>
        writePage(pages, { ...level, cells: level.cells.slice(from, end) }, isTable),
      ),
      cells: parts.slice(0, -1).map(([, end]) => varint(entries[end - 1]?.rowid ?? 0)),
    };
  }

  /** The level above one of which each part's next cell goes up. */
  function writeInner({ cells, children }: Level): Level {
    const parts = partsOf(pages, { cells, children }, 1);
    return {
      children: parts.map(([from, end]) =>
        writePage(
          pages,
          { cells: cells.slice(from, end), children: children?.slice(from, end + 1) },
          isTable,
        ),
      ),
      cells: parts.slice(0, -1).map(([, end]) => cells[end] as Buffer),
    };
  }
}

/** A cell without the page before it: lengths, and as much of the record as stands in its page. */
function cellOf(pages: Pages, { rowid, record }: Entry, isTable: boolean): Buffer {
  const here = bytesInPage(record.length, pages.pageBytes, isTable);
  const cell = [varint(record.length), ...(rowid === undefined ? [] : [varint(rowid)])];
  cell.push(record.subarray(0, here));
  if (here < record.length) cell.push(numberOf(writeOverflow(pages, record.subarray(here))));
  return Buffer.concat(cell);
}

/** Writes what is left of a record; returns the number of its first page. */
function writeOverflow(pages: Pages, rest: Buffer): number {
  const first = pages.list.length + 1;
  const step = pages.pageBytes - NUMBER_BYTES;
  for (let at = 0; at < rest.length; at += step) {
    const page = addPage(pages);
    rest.copy(page, NUMBER_BYTES, at, at + step);
    if (at + step < rest.length) page.writeUInt32BE(pages.list.length + 1);
  }
  return first;
}

/** The parts of a level, a page each; between two of them `between` cells are in neither. */
function partsOf(
  pages: Pages,
  level: Level,
  between: 0 | 1,
): (readonly [from: number, end: number])[] {
  const { cells } = level;
  const parts: (readonly [number, number])[] = [];
  for (let from = 0; from < cells.length;) {
    let end = from;
    for (let left = roomIn(pages, level); end < cells.length; end += 1) {
      left -= bytesFor(cells[end] as Buffer, level);
      if (left < 0) break;
    }
    // No page is without cells.
    if (cells.length - end === between && between > 0) end -= 1;
    parts.push([from, end]);
    from = end + between;
  }
  return parts;
}

function writePage(pages: Pages, { cells, children }: Level, isTable: boolean, root?: 1): number {
  const page = root === undefined ? addPage(pages) : (pages.list[0] as Buffer);
  const start = root === undefined ? 0 : HEADER_BYTES;
  const isLeaf = children === undefined;
  const kind = isTable
    ? isLeaf
      ? "tableLeaf"
      : "tableInner"
    : isLeaf
      ? "indexLeaf"
      : "indexInner";
  page.writeUInt8(KIND[kind], start);
  page.writeUInt16BE(cells.length, start + 3);
  if (!isLeaf) page.writeUInt32BE(children.at(-1) as number, start + 8);
  const pointers = start + (isLeaf ? LEAF_HEADER_BYTES : INNER_HEADER_BYTES);
  let at = pages.pageBytes;
  for (const [i, cell] of cells.entries()) {
    const whole = isLeaf ? cell : Buffer.concat([numberOf(children[i] as number), cell]);
    at -= Math.max(whole.length, LEAST_CELL_BYTES);
    whole.copy(page, at);
    page.writeUInt16BE(at, pointers + POINTER_BYTES * i);
  }
  // The beginning of the cells; 65,536 is written as 0.
  page.writeUInt16BE(at % 65_536, start + 5);
  return root ?? pages.list.length;
}

function addPage({ list, pageBytes }: Pages): Buffer {
  const page = Buffer.alloc(pageBytes);
  list.push(page);
  return page;
}

function roomIn({ pageBytes }: Pages, { children }: Level, root?: 1): number {
  const start = root === undefined ? 0 : HEADER_BYTES;
  return pageBytes - start - (children === undefined ? LEAF_HEADER_BYTES : INNER_HEADER_BYTES);
}

function bytesOf(level: Level): number {
  return level.cells.reduce((sum, cell) => sum + bytesFor(cell, level), 0);
}

/** Bytes of a cell in its page, and of the pointer to it. */
function bytesFor(cell: Buffer, { children }: Level): number {
  const bytes = cell.length + (children === undefined ? 0 : NUMBER_BYTES);
  return Math.max(bytes, LEAST_CELL_BYTES) + POINTER_BYTES;
}

function numberOf(page: number): Buffer {
  const bytes = Buffer.alloc(NUMBER_BYTES);
  bytes.writeUInt32BE(page);
  return bytes;
}
