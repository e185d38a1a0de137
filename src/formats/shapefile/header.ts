import { Failure } from "../../errors.ts";
import { hasBytes } from "../../lib/signature.ts";

/** Bytes of a header, which a shapefile and its index have alike, and of an entry of the index. */
export const HEADER_BYTES = 100;
export const ENTRY_BYTES = 8;
/** Bytes of a record before its content. */
export const RECORD_HEAD_BYTES = 8;

/** The file code, five numbers without use, and the length. */
const CODE = [0, 0, 0x27, 0x0a, ...Array<number>(20).fill(0)];
const LENGTH_AT = 24;
const VERSION_AT = 28;
const VERSION = [0xe8, 3, 0, 0];
const TYPE_AT = 32;

/** The header of a shapefile, or of its index. */
export interface ShapeHeader {
  /** Bytes of the file, by what its header says. */
  readonly bytes: number;
  /** The type of all its shapes that are not null. */
  readonly type: number;
}

/** True for the first bytes of a shapefile whose first record has a shape of its type, or none. */
export function isShapes(head: Uint8Array): boolean {
  const typeAt = HEADER_BYTES + RECORD_HEAD_BYTES;
  if (!hasHeader(head) || head.length < typeAt + 4) return false;
  const type = head.subarray(typeAt, typeAt + 4);
  return hasBytes(head, [...type], TYPE_AT) || type.every((byte) => byte === 0);
}

/**
 * True for the first bytes of an index that has entries: the first one leads to the end of the
 * header, and a second one to the end of the first record.
 */
export function isShapeIndex(head: Uint8Array): boolean {
  if (!hasHeader(head) || head.length < HEADER_BYTES + ENTRY_BYTES) return false;
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.length);
  if (2 * bytes.readUInt32BE(HEADER_BYTES) !== HEADER_BYTES) return false;
  const next = HEADER_BYTES + RECORD_HEAD_BYTES + 2 * bytes.readUInt32BE(HEADER_BYTES + 4);
  const second = HEADER_BYTES + ENTRY_BYTES;
  return head.length < second + 4 || 2 * bytes.readUInt32BE(second) === next;
}

function hasHeader(head: Uint8Array): boolean {
  return hasBytes(head, CODE) && hasBytes(head, VERSION, VERSION_AT);
}

/**
 * Reads a header (ESRI Shapefile Technical Description, "Description of the Main File Header").
 * @throws Failure FORMAT_INVALID where there is none
 */
export function readShapeHeader(head: Buffer): ShapeHeader {
  if (head.length < HEADER_BYTES || !hasHeader(head)) throw invalid("it has no header");
  const bytes = 2 * head.readUInt32BE(LENGTH_AT);
  if (bytes < HEADER_BYTES) throw invalid(`a length of ${bytes} bytes`);
  return { bytes, type: head.readUInt32LE(TYPE_AT) };
}

/** A header with another length of the file, in bytes. */
export function withLength(header: Uint8Array, bytes: number): Buffer {
  const copy = Buffer.from(header);
  copy.writeUInt32BE(bytes / 2, LENGTH_AT);
  return copy;
}

function invalid(what: string): Failure {
  return new Failure("FORMAT_INVALID", `not a whole shapefile: ${what}`);
}
