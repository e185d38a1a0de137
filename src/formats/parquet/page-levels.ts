import { RLE } from "./encodings.ts";
import { bitsFor, readBitPacked, readHybrid } from "./levels.ts";
import type { Page } from "./pages.ts";
import type { Leaf } from "./schema.ts";
import { invalid, underflow } from "./thrift.ts";

/** The old encoding of levels (parquet.thrift, `Encoding`). */
const BIT_PACKED = 4;
/** Repetition levels that are decoded before the first look at how many rows they hold. */
const FIRST_LEVELS = 1024;

/** The levels of the entries that are taken of a page; empty where the highest level is 0. */
export interface Levels {
  readonly rep: Uint8Array;
  readonly def: Uint8Array;
  readonly entries: number;
  /** Offset at which the levels end and the values start. */
  readonly end: number;
}

/** The place of levels of one kind in a page. */
interface Section {
  readonly start: number;
  readonly end: number;
  readonly isPacked: boolean;
}

/**
 * Takes the levels of a page's first rows: at most `rows` may start in them, and at most
 * `maxEntries` are taken.
 * @throws `underflow`; Failure FORMAT_INVALID
 */
export function takeLevels(
  page: Page,
  leaf: Leaf,
  bytes: Uint8Array,
  { rows, maxEntries }: { readonly rows: number; readonly maxEntries: number },
): Levels {
  const most = Math.min(page.values, maxEntries);
  const repSection = section(page, bytes, { kind: "rep", start: 0, max: leaf.maxRep });
  const defSection = section(page, bytes, { kind: "def", start: repSection.end, max: leaf.maxDef });
  const rep = takeRows(bytes, repSection, { max: leaf.maxRep, rows, most });
  const entries = leaf.maxRep === 0 ? Math.min(most, rows) : rep.length;
  const def = readLevels(bytes, defSection, leaf.maxDef, entries);
  return { rep, def, entries, end: defSection.end };
}

function section(
  page: Page,
  bytes: Uint8Array,
  { kind, start, max }: { readonly kind: "rep" | "def"; start: number; max: number },
): Section {
  if (page.levels === undefined) {
    const length = kind === "rep" ? page.repBytes : page.defBytes;
    return { start, end: start + length, isPacked: false };
  }
  if (max === 0) return { start, end: start, isPacked: false };
  const encoding = page.levels[kind];
  if (encoding === BIT_PACKED) {
    const length = Math.ceil((page.values * bitsFor(max)) / 8);
    return { start, end: start + length, isPacked: true };
  }
  if (encoding !== RLE) throw invalid(`levels in encoding ${encoding}`);
  if (start + 4 > bytes.length) throw underflow;
  const length = new DataView(bytes.buffer, bytes.byteOffset + start, 4).getUint32(0, true);
  return { start: start + 4, end: start + 4 + length, isPacked: false };
}

/** Takes repetition levels up to the place where one row too many starts: a 0 starts a row. */
function takeRows(
  bytes: Uint8Array,
  at: Section,
  { max, rows, most }: { readonly max: number; readonly rows: number; readonly most: number },
): Uint8Array {
  if (max === 0) return new Uint8Array();
  for (let count = FIRST_LEVELS; ; count *= 4) {
    const levels = readLevels(bytes, at, max, Math.min(count, most));
    const end = endOfRows(levels, rows);
    if (end !== undefined) return levels.subarray(0, end);
    if (count >= most) return levels;
  }
}

function endOfRows(rep: Uint8Array, rows: number): number | undefined {
  let started = 0;
  for (let i = 0; i < rep.length; i += 1) {
    if (rep[i] !== 0) continue;
    if (started === rows) return i;
    started += 1;
  }
  return undefined;
}

function readLevels(bytes: Uint8Array, at: Section, max: number, count: number): Uint8Array {
  if (max === 0) return new Uint8Array();
  const out = new Uint8Array(count);
  const cursor = { bytes: bytes.subarray(0, at.end), at: at.start };
  if (at.isPacked) readBitPacked(cursor, bitsFor(max), out);
  else readHybrid(cursor, bitsFor(max), out);
  for (const level of out) if (level > max) throw invalid(`a level of ${level}, above ${max}`);
  return out;
}
