import { Failure } from "../../errors.ts";
import type { Source } from "../../lib/source.ts";

type Slice = NonNullable<Source["slice"]>;

/** The directory of a zip, by the record at its end. Positions are bytes from the file's start. */
export interface ZipDirectory {
  readonly start: number;
  /** End of the directory by what the record says; `limit` at most. */
  readonly end: number;
  /** Start of what follows the directory. */
  readonly limit: number;
  /**
   * Bytes to add to the offsets in it, for what stands before the zip; below 0 where the zip's
   * start is missing.
   */
  readonly shift: number;
  /** Number of entries; without zip64 the record has only its lowest 16 bits. */
  readonly count: number;
  readonly isZip64: boolean;
}

/** The facts of an end record. */
type Said = Pick<ZipDirectory, "count" | "isZip64" | "limit"> & {
  readonly size: number;
  readonly offset: number;
};

/**
 * Layouts by APPNOTE 6.3.10, 4.3.14 to 4.3.16; lengths without anything that may be appended to
 * them.
 */
const END = { signature: Buffer.from("PK\x05\x06", "latin1"), bytes: 22 };
const LOCATOR = { signature: Buffer.from("PK\x06\x07", "latin1"), bytes: 20 };
const END64 = { signature: Buffer.from("PK\x06\x06", "latin1"), bytes: 56 };
const ENTRY = Buffer.from("PK\x01\x02", "latin1");
const LOCAL = Buffer.from("PK\x03\x04", "latin1");
/** The place in an entry of its local header's offset. */
const OFFSET_AT = 42;
/** The number of a disk, where the zip64 record has it. */
const IN_ZIP64 = 0xffff;
/**
 * Bytes at the file's end that are searched for an end record: as much as a comment may have, then
 * more.
 */
const SEARCHED_BYTES = [64 * 1024 + END.bytes, 1024 * 1024];
/** Signatures looked at: what follows the archive may be full of them. */
const MAX_TRIES = 64;

/**
 * Finds the directory of a zip in a file that may have something before it (a stub) or after it,
 * by an end record that leads to a directory.
 * @throws Failure FORMAT_INVALID where there is none; what `slice` throws.
 */
export async function findDirectory(slice: Slice, size: number): Promise<ZipDirectory> {
  let end = size;
  let tries = 0;
  let isSplit = false;
  for (const searched of SEARCHED_BYTES) {
    const from = Math.max(0, size - searched);
    const tail = Buffer.from(await slice(from, Math.min(size, end + END.bytes - 1)));
    for (let at = tail.length - END.bytes; tries < MAX_TRIES && at >= 0; at -= 1, tries += 1) {
      at = tail.lastIndexOf(END.signature, at);
      if (at < 0) break;
      const record = tail.subarray(at, at + END.bytes);
      const found = await directoryBefore(slice, record, from + at);
      if (found === undefined) continue;
      const disk = record.readUInt16LE(4);
      if (disk === 0 || disk === IN_ZIP64) return found;
      isSplit = true;
    }
    end = from;
  }
  const why = isSplit
    ? "a part of a split archive; join its parts, and sample that"
    : "no directory at its end";
  throw new Failure("FORMAT_INVALID", `not a whole zip: ${why}`);
}

/** The directory that a record at `position` belongs to; undefined where it leads to none. */
async function directoryBefore(
  slice: Slice,
  record: Buffer,
  position: number,
): Promise<ZipDirectory | undefined> {
  const said: Said = {
    count: record.readUInt16LE(10),
    size: record.readUInt32LE(12),
    offset: record.readUInt32LE(16),
    limit: position,
    isZip64: false,
  };
  const said64 = await zip64Before(slice, position);
  const found64 = said64 === undefined ? undefined : await locate(slice, said64);
  return found64 ?? locate(slice, said);
}

/** Returns what a zip64 record says; the bytes of a locator alone may also be those of a name. */
async function zip64Before(slice: Slice, position: number): Promise<Said | undefined> {
  const end = position - LOCATOR.bytes;
  if (end < END64.bytes) return undefined;
  const locator = Buffer.from(await slice(end, position));
  if (!isSigned(locator, LOCATOR.signature)) return undefined;
  // It stands before the locator, also where its offset is that of a file without what is before.
  for (const at of [end - END64.bytes, Number(locator.readBigUInt64LE(8))]) {
    if (at < 0 || at + END64.bytes > end) continue;
    const record = Buffer.from(await slice(at, at + END64.bytes));
    if (!isSigned(record, END64.signature)) continue;
    const [count, size, offset] = [32, 40, 48].map((field) =>
      Number(record.readBigUInt64LE(field)),
    ) as [number, number, number];
    return { count, size, offset, limit: at, isZip64: true };
  }
  return undefined;
}

/**
 * Finds the directory: just before the end record by its size, or at its offset. Where both are
 * possible and differ, the one whose first entry leads to a local header counts.
 */
async function locate(slice: Slice, said: Said): Promise<ZipDirectory | undefined> {
  const { size, offset, limit, count, isZip64 } = said;
  const whole = { limit, count, isZip64 };
  if (size === 0 && count === 0) return { ...whole, start: limit, end: limit, shift: 0 };
  const starts = new Set([limit - size, offset]);
  const found: ZipDirectory[] = [];
  for (const start of starts) {
    if (start < 0 || start >= limit) continue;
    if (!isSigned(await slice(start, start + ENTRY.length), ENTRY)) continue;
    const end = Math.min(start + size, limit);
    found.push({ ...whole, start, end, shift: start - offset });
  }
  if (found.length < 2) return found[0];
  for (const directory of found) if (await leadsToHeader(slice, directory)) return directory;
  return found[0];
}

async function leadsToHeader(slice: Slice, { start, shift }: ZipDirectory): Promise<boolean> {
  const offset = Buffer.from(await slice(start + OFFSET_AT, start + OFFSET_AT + 4));
  const at = offset.length < 4 ? -1 : shift + offset.readUInt32LE(0);
  return at >= 0 && isSigned(await slice(at, at + LOCAL.length), LOCAL);
}

function isSigned(bytes: Uint8Array, signature: Buffer): boolean {
  return signature.equals(bytes.subarray(0, signature.length));
}
