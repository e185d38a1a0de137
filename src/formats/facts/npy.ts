import { Failure } from "../../errors.ts";
import { firstBytes } from "../../lib/first-bytes.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Source } from "../../lib/source.ts";
import { openZip } from "../zip/reader.ts";
import { nothingRead, unpackMember } from "../zip/unpack.ts";
import type { ArrayFacts, Facts } from "./facts.ts";

type Read = NonNullable<Source["slice"]>;

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Bytes of a header that are read, and arrays of an archive that are told of, at most. */
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_ARRAYS = 100;
/** Entries of an archive that are looked at, at most. */
const MAX_ENTRIES = 10_000;
const LIMITS = { ratio: 1000 };
/** A description of a header, for a type that is one name: others are lists of fields. */
const TYPE = /'descr':\s*'([^']{1,50})'/;
const FIELDS = /'descr':\s*\[(.*?)\]\s*,\s*'fortran_order'/s;
const FIELD = /\('([^']*)',\s*'([^']*)'/g;
const SHAPE = /'shape':\s*\(([\d,\s]*)\)/;

/** True for an array of NumPy. */
export function isNpy(head: Uint8Array): boolean {
  return hasBytes(head, MAGIC);
}

/** True for an archive of arrays of NumPy, by its name. */
export function isNpz(_head: Uint8Array, name: string): boolean {
  return /\.npz$/i.test(name);
}

/** Type and shape of an array; columns and rows of one of records. */
export async function npyFacts(read: Read): Promise<Facts> {
  const head = Buffer.from(await read(0, MAX_HEADER_BYTES));
  const array = arrayIn(head);
  if (array === undefined) return {};
  const fields = FIELDS.exec(headerOf(head))?.[1];
  if (fields === undefined) return { arrays: [array] };
  const columns = [...fields.matchAll(FIELD)].map(([, name = "", type = ""]) => ({ name, type }));
  return { rows: array.shape.reduce((all, length) => all * length, 1), columns };
}

/** Names, types and shapes of the arrays in an archive. */
export async function npzFacts(read: Read, size: number): Promise<Facts> {
  const archive = await openZip(read, size);
  const arrays: ArrayFacts[] = [];
  let seen = 0;
  for await (const entry of archive.entries()) {
    seen += 1;
    if (arrays.length >= MAX_ARRAYS || seen > MAX_ENTRIES) break;
    if (!entry.name.endsWith(".npy")) continue;
    const content = unpackMember(archive, entry, LIMITS, nothingRead());
    const array = arrayIn(await firstBytes(content, MAX_HEADER_BYTES));
    if (array !== undefined) arrays.push({ name: entry.name.slice(0, -4), ...array });
  }
  return { arrays };
}

/** An array by its header (NEP 1, "Format Specification"). */
function arrayIn(bytes: Buffer): Omit<ArrayFacts, "name"> | undefined {
  if (!isNpy(bytes)) return undefined;
  const header = headerOf(bytes);
  const shape = SHAPE.exec(header)?.[1];
  if (shape === undefined) return undefined;
  const lengths = shape.split(",").flatMap((text) => (text.trim() === "" ? [] : [Number(text)]));
  const all = lengths.reduce((product, length) => product * length, 1);
  if (!Number.isSafeInteger(all))
    throw new Failure("FORMAT_INVALID", `an array of ${all} elements`);
  return { type: TYPE.exec(header)?.[1] ?? "record", shape: lengths };
}

function headerOf(bytes: Buffer): string {
  const isShort = bytes.readUInt8(6) === 1;
  const start = isShort ? 10 : 12;
  const length = isShort ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8);
  const encoding = bytes.readUInt8(6) < 3 ? "latin1" : "utf8";
  return bytes.toString(encoding, start, Math.min(bytes.length, start + length));
}
