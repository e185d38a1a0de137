import yauzl from "yauzl";
import { Failure } from "../../errors.ts";
import { cachedSlice } from "../../lib/blocks.ts";
import { utf8 } from "../../lib/encoding.ts";
import type { Source } from "../../lib/source.ts";
import { findDirectory, type ZipDirectory } from "./end.ts";

type Slice = NonNullable<Source["slice"]>;

/** An entry of a zip's directory. */
export interface ZipEntry {
  /**
   * The name in UTF-8 where its bytes are valid, else in code page 437; the flags do not matter.
   */
  readonly name: string;
  readonly isEncrypted: boolean;
  /** Its compression method (APPNOTE 6.3.10, 4.4.5). */
  readonly method: number;
  readonly crc32: number;
  /** Bytes of its data as they are stored. */
  readonly stored: number;
  /** Bytes of its data. */
  readonly size: number;
  /** Seconds since epoch, 0 where it is not known; a time without a zone is taken as UTC. */
  readonly mtime: number;
  /** Position of its local header, from the file's start. */
  readonly headerAt: number;
}

/** A zip whose directory was found. */
export interface OpenZip {
  /** Number of entries, where that is known without reading through them. */
  readonly count: number | undefined;
  /**
   * Reads the directory.
   * @throws Failure FORMAT_INVALID where it ends early; what reading throws.
   */
  entries(): AsyncGenerator<ZipEntry, void, void>;
  /**
   * Yields an entry's data as it is stored.
   * @throws Failure FORMAT_INVALID where it is not there; what reading throws.
   */
  stored(entry: ZipEntry): AsyncGenerator<Uint8Array, void, void>;
}

/** Layouts by APPNOTE 6.3.10, 4.3.7 and 4.3.12; lengths without names and what follows them. */
const ENTRY = { signature: 0x02014b50, bytes: 46 };
const LOCAL = { signature: 0x04034b50, bytes: 30 };
/** Bit 0 encrypted, bit 6 with strong encryption. */
const ENCRYPTED = 0x41;
/** Stands for a number that the zip64 field has. */
const IN_ZIP64 = 0xffffffff;
const ZIP64_FIELD = 1;
/** Modulus of the counts without zip64, whose records have the lowest 16 bits only. */
const COUNTS = 0x10000;
const STEP_BYTES = 64 * 1024;

/**
 * Opens a zip. Its directory is read by us: yauzl ends at the first entry that it does not like.
 * @throws Failure FORMAT_INVALID when there is no directory; what `slice` throws.
 */
export async function openZip(slice: Slice, size: number): Promise<OpenZip> {
  const cached = cachedSlice(slice);
  const directory = await findDirectory(cached, size);
  return {
    count: sureCount(directory),
    entries: () => entriesOf(cached, directory),
    stored: (entry) => storedData(slice, entry),
  };
}

function sureCount({ start, limit, count, isZip64 }: ZipDirectory): number | undefined {
  const most = Math.floor((limit - start) / ENTRY.bytes);
  return count <= most && (isZip64 || most < COUNTS) ? count : undefined;
}

async function* entriesOf(
  read: Slice,
  { start, end, limit, shift, count }: ZipDirectory,
): AsyncGenerator<ZipEntry, void, void> {
  let at = start;
  for (let seen = 0; at < limit; seen += 1) {
    const head = Buffer.from(await read(at, Math.min(limit, at + ENTRY.bytes)));
    const isEntry = head.length === ENTRY.bytes && head.readUInt32LE(0) === ENTRY.signature;
    // A digital signature may follow, and other things that are no entries.
    if (!isEntry && at >= end && seen >= count) return;
    if (!isEntry) throw invalid(`no entry at byte ${at}`);
    const [name, extra, comment] = [28, 30, 32].map((field) => head.readUInt16LE(field)) as [
      number,
      number,
      number,
    ];
    const next = at + ENTRY.bytes + name + extra + comment;
    const rest = Buffer.from(await read(at + ENTRY.bytes, next));
    if (rest.length < name) throw invalid(`it is cut off at byte ${at}`);
    const extras = extraFields(rest.subarray(name, name + extra));
    yield entryOf(head, { name: rest.subarray(0, name), extras, shift });
    at = next;
  }
}

/**
 * The extra fields up to one that is longer than the room for it; anything after that is ignored.
 */
function extraFields(bytes: Buffer): yauzl.ExtraField[] {
  const fields: yauzl.ExtraField[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const end = at + 4 + bytes.readUInt16LE(at + 2);
    if (end > bytes.length) break;
    fields.push({ id: bytes.readUInt16LE(at), data: bytes.subarray(at + 4, end) });
    at = end;
  }
  return fields;
}

function entryOf(
  head: Buffer,
  parts: {
    readonly name: Buffer;
    readonly extras: readonly yauzl.ExtraField[];
    readonly shift: number;
  },
): ZipEntry {
  const { name, extras, shift } = parts;
  const [size, stored, offset] = largeNumbers(
    [24, 20, 42].map((field) => head.readUInt32LE(field)),
    extras.find(({ id }) => id === ZIP64_FIELD)?.data,
  ) as [number, number, number];
  return {
    name: textOf(name),
    isEncrypted: (head.readUInt16LE(8) & ENCRYPTED) !== 0,
    method: head.readUInt16LE(10),
    crc32: head.readUInt32LE(16),
    stored,
    size,
    mtime: mtimeOf(head, extras),
    headerAt: shift + offset,
  };
}

/**
 * Numbers that do not fit in 32 bits, from the zip64 field, where they stand one after the other.
 */
function largeNumbers(numbers: readonly number[], field: Buffer | undefined): number[] {
  let at = 0;
  return numbers.map((number) => {
    if (number !== IN_ZIP64 || field === undefined || at + 8 > field.length) return number;
    at += 8;
    return Number(field.readBigUInt64LE(at - 8));
  });
}

/** The time, as yauzl reads it: from the fields of Info-ZIP or NTFS, else from the field of DOS. */
function mtimeOf(head: Buffer, extraFields: readonly yauzl.ExtraField[]): number {
  const entry = Object.assign(new yauzl.Entry(), {
    extraFields,
    lastModFileTime: head.readUInt16LE(12),
    lastModFileDate: head.readUInt16LE(14),
  });
  const ms = entry.getLastModDate({ timezone: "UTC" }).getTime();
  return Number.isNaN(ms) ? 0 : ms / 1000;
}

function textOf(name: Buffer): string {
  try {
    return utf8.decode(name);
  } catch {
    return yauzl.getFileNameLowLevel(0, name, [], false);
  }
}

async function* storedData(
  read: Slice,
  { headerAt, stored }: ZipEntry,
): AsyncGenerator<Uint8Array, void, void> {
  const head =
    headerAt < 0 ? Buffer.alloc(0) : Buffer.from(await read(headerAt, headerAt + LOCAL.bytes));
  if (head.length < LOCAL.bytes || head.readUInt32LE(0) !== LOCAL.signature) {
    throw invalid(`no local header at byte ${headerAt}`);
  }
  const start = headerAt + LOCAL.bytes + head.readUInt16LE(26) + head.readUInt16LE(28);
  for (let at = start, end = start + stored; at < end;) {
    const chunk = await read(at, Math.min(at + STEP_BYTES, end));
    if (chunk.length === 0) throw invalid("it is cut off");
    yield chunk;
    at += chunk.length;
  }
}

function invalid(message: string): Failure {
  return new Failure("FORMAT_INVALID", message);
}
