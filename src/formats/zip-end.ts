import type { Source } from "../types.ts";

type Slice = NonNullable<Source["slice"]>;

/** End of central directory record: its signature and its length without a comment. */
const SIGNATURE = Buffer.from("PK\x05\x06", "latin1");
const RECORD_BYTES = 22;
/** A comment, or what somebody appended, is looked through this far. */
const SEARCHED_BYTES = 64 * 1024 + RECORD_BYTES;
/** Signatures looked at: a comment may be full of them. */
const MAX_TRIES = 16;
/** Stands for an offset that the zip64 record has. */
const ZIP64 = 0xffffffff;
const DIRECTORY_SIGNATURE = Buffer.from("PK\x01\x02", "latin1");

/** Where in a file a zip lies. */
export interface ZipExtent {
  readonly start: number;
  /** Just after the end record, without its comment. */
  readonly end: number;
}

/**
 * Finds a zip in a file that may have something before it (a stub) or after it, by an end record
 * that points at a directory; undefined where there is none.
 */
export async function findZip(slice: Slice, size: number): Promise<ZipExtent | undefined> {
  const offset = Math.max(0, size - SEARCHED_BYTES);
  const tail = Buffer.from(await slice(offset, size));
  let at = tail.length - RECORD_BYTES;
  for (let tries = 0; tries < MAX_TRIES && at >= 0; tries += 1) {
    at = tail.lastIndexOf(SIGNATURE, at);
    if (at < 0) return undefined;
    const start = await startOf(slice, tail.subarray(at), offset + at);
    if (start !== undefined) return { start, end: offset + at + RECORD_BYTES };
    at -= 1;
  }
  return undefined;
}

/** Where the zip begins that a record at `position` ends: after 0 if offsets in it are too low. */
async function startOf(
  slice: Slice,
  record: Buffer,
  position: number,
): Promise<number | undefined> {
  const written = record.readUInt32LE(16);
  const isEmpty = record.readUInt16LE(10) === 0;
  if (isEmpty || written === ZIP64 || (await isDirectory(slice, written))) return 0;
  const directory = position - record.readUInt32LE(12);
  const isMoved = directory > written && (await isDirectory(slice, directory));
  return isMoved ? directory - written : undefined;
}

async function isDirectory(slice: Slice, at: number): Promise<boolean> {
  return DIRECTORY_SIGNATURE.equals(await slice(at, at + DIRECTORY_SIGNATURE.length));
}
