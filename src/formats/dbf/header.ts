import { Failure, NoSample } from "../../errors.ts";

/** Bytes of the fixed part of a header, and of a field's descriptor. */
const FIXED_BYTES = 32;
const FIELD_BYTES = 32;
/** The byte after the descriptors. */
const END_OF_FIELDS = 0x0d;
const FOXBASE = 0x02;
/** Versions by their first byte: dBase III to V, Visual FoxPro, HiPer-Six and others like them. */
const VERSIONS = new Set([0x03, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8b, 0xcb, 0xe5, 0xf5, 0xfb]);
const DBASE_7 = new Set([0x04, 0x8c]);
/** Types of fields whose values are in a file of their own: memos, objects, pictures. */
const MEMOS = "MGP";

/** A field of a dBase table. */
export interface DbfField {
  readonly name: string;
  /** A letter, such as `C` for text. */
  readonly type: string;
  /** Bytes of its values, and digits after the point. */
  readonly bytes: number;
  readonly decimals: number;
}

/** The header of a dBase table. */
export interface DbfHeader {
  readonly records: number;
  readonly headerBytes: number;
  /** Bytes of a record, with the one that marks a deleted one. */
  readonly recordBytes: number;
  readonly fields: readonly DbfField[];
}

/** Place of the number of records. */
export const RECORDS_AT = 4;

/** True where values are in another file. */
export function hasMemos({ fields }: DbfHeader): boolean {
  return fields.some(({ type }) => MEMOS.includes(type));
}

/**
 * Reads a header (dBase III PLUS, "Table file structure").
 * @throws Failure FORMAT_INVALID where there is none; NoSample for versions with another layout
 */
export function readHeader(bytes: Buffer): DbfHeader {
  const [version] = bytes;
  if (version === FOXBASE || DBASE_7.has(version ?? 0)) {
    throw new NoSample(`dBase of version ${version}`);
  }
  if (version === undefined || !VERSIONS.has(version) || bytes.length < FIXED_BYTES) {
    throw invalid("it does not begin with a known version");
  }
  const [headerBytes, recordBytes] = [bytes.readUInt16LE(8), bytes.readUInt16LE(10)];
  if (headerBytes <= FIXED_BYTES || recordBytes === 0) throw invalid("its header has no fields");
  if (bytes.length < headerBytes) throw invalid("its header is cut off");
  const fields: DbfField[] = [];
  for (let at = FIXED_BYTES; at + FIELD_BYTES <= headerBytes; at += FIELD_BYTES) {
    if (bytes[at] === END_OF_FIELDS) break;
    fields.push(fieldIn(bytes.subarray(at, at + FIELD_BYTES)));
  }
  const width = fields.reduce((sum, field) => sum + field.bytes, 1);
  if (fields.length === 0 || width > recordBytes)
    throw invalid("its fields do not fit in a record");
  return { records: bytes.readUInt32LE(RECORDS_AT), headerBytes, recordBytes, fields };
}

function fieldIn(bytes: Buffer): DbfField {
  const name = bytes.toString("latin1", 0, 11).replace(/\0.*$/s, "");
  const type = String.fromCharCode(bytes.readUInt8(11));
  const [length, decimals] = [bytes.readUInt8(16), bytes.readUInt8(17)];
  // Long texts have the higher byte of their length in place of decimals.
  if (type === "C") return { name, type, bytes: length + 256 * decimals, decimals: 0 };
  return { name, type, bytes: length, decimals };
}

function invalid(what: string): Failure {
  return new Failure("FORMAT_INVALID", `not a whole dBase table: ${what}`);
}
