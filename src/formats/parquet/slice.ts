import { Failure } from "../../errors.ts";
import { type Growing, growing } from "../../lib/growing.ts";
import type { Source } from "../../lib/source.ts";
import { checkCodec } from "./codecs.ts";
import {
  decodeValues,
  lengthAt,
  lookUp,
  PLAIN_DICTIONARY,
  readIndices,
  RLE_DICTIONARY,
} from "./encodings.ts";
import type { Chunk } from "./footer.ts";
import { type Levels, takeLevels } from "./page-levels.ts";
import { type Page, pagesOf } from "./pages.ts";
import type { Leaf } from "./schema.ts";
import { invalid } from "./thrift.ts";
import type { Work } from "./work.ts";

type Read = NonNullable<Source["slice"]>;

/** The first rows of a column: its levels and its values, in the PLAIN encoding. */
export interface ColumnSlice {
  /** Repetition and definition levels, an entry each; empty where the highest is 0. */
  readonly rep: Uint8Array;
  readonly def: Uint8Array;
  /** Without nulls; a boolean takes a byte. */
  readonly values: Uint8Array;
  readonly rows: readonly RowEnd[];
  /** True where a page V2 has definition levels, though the highest is 0. */
  readonly hasSpareLevels: boolean;
}

/** The end of a row of a slice, counted from the slice's start. */
export interface RowEnd {
  /** Values, nulls included. */
  readonly entries: number;
  readonly nulls: number;
  /** Bytes of the values. */
  readonly bytes: number;
}

/** The wanted part of a column, and its budget. */
export interface Wanted {
  readonly rows: number;
  readonly maxBytes: number;
  /** The work on all columns of the file. */
  readonly work: Work;
}

/** Values of one column that are held at most. */
const MAX_ENTRIES = 1024 * 1024;

/** The values of one page. */
interface Part {
  readonly rep: Uint8Array;
  readonly def: Uint8Array;
  readonly entries: number;
  readonly values: Uint8Array;
  /** True when not all values fit that were wanted. */
  readonly isCut: boolean;
}

const NOTHING = new Uint8Array();

/** Levels of a page, and its values or their dictionary indices. */
interface Taken {
  readonly levels: Levels;
  /** Values that are not null. */
  readonly count: number;
  readonly found: Uint8Array | Uint32Array;
}

/**
 * The first rows of a column chunk: as many as are wanted, or fewer where those do not fit.
 * @throws Failure FORMAT_INVALID, also when the chunk ends before; LIMIT_EXCEEDED when the first
 * row alone has too many values; what `read` throws.
 */
export async function sliceColumn(
  read: Read,
  { chunk, leaf }: { readonly chunk: Chunk; readonly leaf: Leaf },
  wanted: Wanted,
): Promise<ColumnSlice> {
  checkCodec(chunk.codec);
  const all = { rep: growing(), def: growing(), values: growing() };
  let dictionary: Page | undefined;
  let passed = 0;
  let started = 0;
  let entries = 0;
  let maxBytes = wanted.maxBytes;
  let isCut = false;
  let hasSpareLevels = false;
  for await (const page of pagesOf(read, chunk, wanted.work)) {
    if (page.isDictionary) dictionary = page;
    if (page.isDictionary || page.values === 0) continue;
    const { work } = wanted;
    const room = { rows: wanted.rows - started, maxEntries: MAX_ENTRIES - entries, maxBytes, work };
    const part = await takePart(page, leaf, dictionary, room);
    for (const kind of ["rep", "def", "values"] as const) {
      all[kind].reserve(part[kind].length).set(part[kind]);
    }
    started += leaf.maxRep === 0 ? part.entries : countZeros(part.rep);
    entries += part.entries;
    maxBytes -= part.values.length;
    passed += page.values;
    hasSpareLevels ||= leaf.maxDef === 0 && page.defBytes > 0;
    isCut = part.isCut || entries >= MAX_ENTRIES;
    // A row of a repeated column goes on until the next one starts, or the chunk ends.
    const isHad = leaf.maxRep === 0 ? started >= wanted.rows : part.entries < page.values;
    if (isCut || isHad || passed >= chunk.values) break;
  }
  const [rep, def, values] = [kept(all.rep), kept(all.def), kept(all.values)];
  const rows = rowsIn({ rep, def, values, entries }, leaf, isCut);
  const slice = { rep, def, values, rows, hasSpareLevels };
  if (!isCut && slice.rows.length < wanted.rows) {
    throw invalid(`column ${leaf.name} ends after ${slice.rows.length} rows`);
  }
  if (slice.rows.length === 0 && entries >= MAX_ENTRIES) {
    throw new Failure("LIMIT_EXCEEDED", `column ${leaf.name}: over ${MAX_ENTRIES} values in a row`);
  }
  return slice;
}

/**
 * Copies bytes to their exact size: there may be 100,000 columns, and the buffer that they grew in
 * has room to spare.
 */
function kept(grown: Growing): Uint8Array {
  return grown.length() === 0 ? NOTHING : Uint8Array.from(grown.bytes());
}

/** The slice's first rows. */
export function cutSlice(slice: ColumnSlice, rows: number): ColumnSlice {
  const end = slice.rows[rows - 1] ?? { entries: 0, bytes: 0 };
  return {
    // Copies: what is cut off is to be forgotten.
    rep: slice.rep.slice(0, end.entries),
    def: slice.def.slice(0, end.entries),
    values: slice.values.slice(0, end.bytes),
    rows: slice.rows.slice(0, rows),
    hasSpareLevels: slice.hasSpareLevels,
  };
}

async function takePart(
  page: Page,
  leaf: Leaf,
  dictionary: Page | undefined,
  room: Wanted & { readonly maxEntries: number },
): Promise<Part> {
  const { maxBytes } = room;
  const isIndexed = page.encoding === PLAIN_DICTIONARY || page.encoding === RLE_DICTIONARY;
  const taken = await page.decode((bytes, end): Taken => {
    const levels = takeLevels(page, leaf, bytes, room);
    const count = countValues(levels.def, leaf, levels.entries);
    const { encoding } = page;
    const encoded = { leaf, encoding, bytes, at: levels.end, end, count, maxBytes };
    if (count === 0) return { levels, count, found: new Uint8Array() };
    return { levels, count, found: isIndexed ? readIndices(encoded) : decodeValues(encoded) };
  });
  const { found, count } = taken;
  const values =
    found instanceof Uint32Array ? await inDictionary(found, leaf, dictionary, room) : found;
  const { rep, def, entries } = taken.levels;
  return { rep, def, entries, values, isCut: valuesIn(values, leaf) < count };
}

async function inDictionary(
  indices: Uint32Array,
  leaf: Leaf,
  dictionary: Page | undefined,
  { maxBytes, work }: Wanted,
): Promise<Uint8Array> {
  if (dictionary === undefined) throw invalid(`column ${leaf.name} has no dictionary`);
  const size = dictionary.values;
  return dictionary.decode((bytes) => {
    // It is walked through again for each page.
    work.decompressed(bytes.length);
    return lookUp(leaf, bytes, indices, { size, maxBytes });
  });
}

/** Finds the ends of the rows that are whole. */
function rowsIn(
  { rep, def, values, entries }: Omit<Part, "isCut">,
  leaf: Leaf,
  isCut: boolean,
): readonly RowEnd[] {
  const rows: RowEnd[] = [];
  let nulls = 0;
  let bytes = 0;
  for (let i = 0; i < entries; i += 1) {
    const isStart = leaf.maxRep === 0 || rep[i] === 0;
    if (isStart && i > 0) rows.push({ entries: i, nulls, bytes });
    if (!isStart && i === 0) throw invalid(`column ${leaf.name} starts inside a row`);
    if (leaf.maxDef > 0 && def[i] !== leaf.maxDef) nulls += 1;
    else if (bytes >= values.length) return rows;
    else bytes += widthAt(values, bytes, leaf);
  }
  const isLastWhole = leaf.maxRep === 0 || !isCut;
  if (entries > 0 && isLastWhole) rows.push({ entries, nulls, bytes });
  return rows;
}

function countZeros(rep: Uint8Array): number {
  return rep.reduce((count, level) => count + (level === 0 ? 1 : 0), 0);
}

function countValues(def: Uint8Array, { maxDef }: Leaf, entries: number): number {
  if (maxDef === 0) return entries;
  return def.reduce((count, level) => count + (level === maxDef ? 1 : 0), 0);
}

function valuesIn(values: Uint8Array, leaf: Leaf): number {
  if (leaf.width !== undefined) return values.length / leaf.width;
  let count = 0;
  for (let at = 0; at < values.length; at += widthAt(values, at, leaf)) count += 1;
  return count;
}

/** Bytes of the value at `at`. */
function widthAt(values: Uint8Array, at: number, { width }: Leaf): number {
  if (width !== undefined) return width;
  return 4 + lengthAt(values, at);
}
