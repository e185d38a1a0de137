import { crc32, deflateRawSync } from "node:zlib";
import { QUICK, zlibOnce } from "../../lib/zlib-once.ts";
import { LISTING_NAME, memberNames } from "../archive/names.ts";

/** The last second a zip's extended timestamp can hold. */
const MAX_MTIME = 0x7fffffff;
/** Bytes of a listing up to which compression gains nothing. */
const SMALL_BYTES = 1024;
const FIRST_DOS_YEAR = 1980;
const FIRST_DOS_S = Date.UTC(FIRST_DOS_YEAR) / 1000;
const LAST_DOS_S = Date.UTC(FIRST_DOS_YEAR + 128) / 1000 - 1;

/** One member of a sample archive. */
export interface ZipMember {
  /** The name, as in the original; it is made safe here. */
  readonly name: string;
  readonly bytes: Buffer;
  /** Seconds since epoch. */
  readonly mtime: number;
  readonly isDeflated: boolean;
}

/** A member whose data is as it will stand in the archive. */
export interface PackedMember {
  /** The name, as in the original; it is made safe here. */
  readonly name: string;
  /** Seconds since epoch. */
  readonly mtime: number;
  /** Its compression method (APPNOTE 6.3.10, 4.4.5). */
  readonly method: number;
  readonly crc32: number;
  /** Bytes of its data, unpacked. */
  readonly size: number;
  readonly stored: Uint8Array;
}

/** Layouts by APPNOTE 6.3.10, 4.3.7, 4.3.12 and 4.3.16; without zip64, which no sample needs. */
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const VERSION_NEEDED = 20;
/** Says that Unix made the zip: the upper half of the attributes is a mode. */
const MADE_BY = (3 << 8) | 63;
const UTF8_NAME = 0x0800;
const FILE_MODE = 0o100664;
const DEFLATED = 8;

/**
 * Yields a zip of a listing and members. Its times are the members', in UTC, so the same input gives
 * the same bytes.
 *
 * We write it ourselves, since a sample has a few small members: yazl deflates each of them in
 * libuv's pool, which doubles the time of such a zip.
 */
export function writeZip(
  list: Uint8Array,
  members: readonly ZipMember[],
): Generator<Uint8Array, void, void> {
  const isDeflated = list.length > SMALL_BYTES;
  const listed = { name: LISTING_NAME, bytes: Buffer.from(list), mtime: 0, isDeflated };
  return writePacked(packed([listed, ...members]));
}

function* packed(members: readonly ZipMember[]): Generator<PackedMember, void, void> {
  for (const member of members) yield packMember(member);
}

/** Packs a member's bytes. */
export function packMember({ name, bytes, mtime, isDeflated }: ZipMember): PackedMember {
  const stored = isDeflated ? zlibOnce(deflateRawSync, bytes, QUICK).made : bytes;
  const method = isDeflated ? DEFLATED : 0;
  return { name, mtime, method, crc32: crc32(bytes), size: bytes.length, stored };
}

/**
 * Yields a zip of members as they are packed, under names that stay inside the directory it is
 * unpacked into. Of equal names the first is kept, the others get a number.
 */
export function* writePacked(members: Iterable<PackedMember>): Generator<Uint8Array, void, void> {
  const nameOf = memberNames();
  const central: Buffer[] = [];
  let offset = 0;
  let count = 0;
  for (const member of members) {
    count += 1;
    const facts = factsOf(member);
    const [bytes, extra] = [Buffer.from(nameOf(member.name)), extendedTime(member.mtime)];
    const local = localHeader(facts, bytes.length, extra.length);
    yield Buffer.concat([local, bytes, extra, member.stored]);
    central.push(centralHeader(facts, bytes.length, extra.length, offset), bytes, extra);
    offset += local.length + bytes.length + extra.length + member.stored.length;
  }
  const directory = Buffer.concat(central);
  yield Buffer.concat([directory, endRecord(count, directory.length, offset)]);
}

/** The fields that both headers of a member have, from the version on: 22 bytes. */
function factsOf({ mtime, method, crc32: sum, size, stored }: PackedMember): Buffer {
  const facts = Buffer.alloc(22);
  facts.writeUInt16LE(VERSION_NEEDED, 0);
  facts.writeUInt16LE(UTF8_NAME, 2);
  facts.writeUInt16LE(method, 4);
  facts.writeUInt32LE(dosTime(mtime), 6);
  facts.writeUInt32LE(sum, 10);
  facts.writeUInt32LE(stored.length, 14);
  facts.writeUInt32LE(size, 18);
  return facts;
}

function localHeader(facts: Buffer, nameBytes: number, extraBytes: number): Buffer {
  const header = Buffer.alloc(LOCAL_BYTES);
  header.writeUInt32LE(0x04034b50, 0);
  facts.copy(header, 4);
  header.writeUInt16LE(nameBytes, 26);
  header.writeUInt16LE(extraBytes, 28);
  return header;
}

function centralHeader(
  facts: Buffer,
  nameBytes: number,
  extraBytes: number,
  offset: number,
): Buffer {
  const header = Buffer.alloc(CENTRAL_BYTES);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(MADE_BY, 4);
  facts.copy(header, 6);
  header.writeUInt16LE(nameBytes, 28);
  header.writeUInt16LE(extraBytes, 30);
  header.writeUInt32LE((FILE_MODE << 16) >>> 0, 38);
  header.writeUInt32LE(offset, 42);
  return header;
}

function endRecord(members: number, directoryBytes: number, offset: number): Buffer {
  const record = Buffer.alloc(END_BYTES);
  record.writeUInt32LE(0x06054b50, 0);
  record.writeUInt16LE(members, 8);
  record.writeUInt16LE(members, 10);
  record.writeUInt32LE(directoryBytes, 12);
  record.writeUInt32LE(offset, 16);
  return record;
}

/** MS-DOS date and time: two seconds exact, from 1980 to 2107. */
function dosTime(mtime: number): number {
  const time = new Date(Math.min(Math.max(mtime, FIRST_DOS_S), LAST_DOS_S) * 1000);
  const year = time.getUTCFullYear() - FIRST_DOS_YEAR;
  const date = (year << 9) | ((time.getUTCMonth() + 1) << 5) | time.getUTCDate();
  const seconds = time.getUTCSeconds() >> 1;
  return ((date << 16) | (time.getUTCHours() << 11) | (time.getUTCMinutes() << 5) | seconds) >>> 0;
}

/** Info-ZIP's extended timestamp: the mtime to the second. */
function extendedTime(mtime: number): Buffer {
  const extra = Buffer.alloc(9);
  extra.writeUInt16LE(0x5455, 0);
  extra.writeUInt16LE(5, 2);
  extra.writeUInt8(1, 4);
  extra.writeUInt32LE(Math.trunc(Math.min(Math.max(mtime, 0), MAX_MTIME)), 5);
  return extra;
}
