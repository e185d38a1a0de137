import { Failure } from "../../errors.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Source } from "../../lib/source.ts";
import type { ArrayFacts, Facts } from "./facts.ts";

const MAGIC = [0x43, 0x44, 0x46];
/** Versions by the byte after it: classic, with offsets of 64 bits, with data of 64 bits. */
const VERSIONS = new Set([1, 2, 5]);
const WIDE = 5;
/** Bytes of a header that are read, at most. */
const MAX_HEADER_BYTES = 256 * 1024;
/** Things of one kind that are told of, at most. */
const MAX_TOLD = 1000;
/** The number of records of a file that was still being written. */
const UNTOLD = 0xffffffff;
/** Kinds of lists. */
const DIMENSIONS = 10;
const VARIABLES = 11;
const ATTRIBUTES = 12;
/** Types by their number, with their bytes. */
const types: readonly (readonly [name: string, bytes: number])[] = [
  ["", 0],
  ["byte", 1],
  ["char", 1],
  ["short", 2],
  ["int", 4],
  ["float", 4],
  ["double", 8],
  ["ubyte", 1],
  ["ushort", 2],
  ["uint", 4],
  ["int64", 8],
  ["uint64", 8],
];

/** True for NetCDF before its fourth version, which is HDF5. */
export function isNetcdf(head: Uint8Array): boolean {
  return hasBytes(head, MAGIC) && VERSIONS.has(head[3] ?? 0);
}

/**
 * Dimensions and variables of a NetCDF file, from its header (NetCDF User's Guide, "The NetCDF
 * Classic Format Specification"); the first of them where that has more than 256 KiB.
 */
export async function netcdfFacts(read: NonNullable<Source["slice"]>): Promise<Facts> {
  const header = Buffer.from(await read(0, MAX_HEADER_BYTES));
  const dimensions: { readonly name: string; readonly length: number }[] = [];
  const arrays: ArrayFacts[] = [];
  const isWide = header.readUInt8(3) === WIDE;
  const offsetBytes = header.readUInt8(3) === 1 ? 4 : 8;
  let at = 4;
  try {
    readHeader();
  } catch (error) {
    const isPart = error instanceof RangeError && header.length === MAX_HEADER_BYTES;
    if (!isPart || dimensions.length === 0) throw error;
  }
  return {
    version: `classic ${header.readUInt8(3)}`,
    dimensions: dimensions.slice(0, MAX_TOLD),
    arrays: arrays.slice(0, MAX_TOLD),
  };

  function readHeader(): void {
    const told = count();
    const records = told === UNTOLD || told >= Number.MAX_SAFE_INTEGER ? 0 : told;
    for (let left = list(DIMENSIONS); left > 0; left -= 1) {
      const [name, length] = [text(), count()];
      // The one that grows has none of its own.
      dimensions.push({ name, length: length === 0 ? records : length });
    }
    passAttributes();
    for (let left = list(VARIABLES); left > 0; left -= 1) {
      const name = text();
      const shape: number[] = [];
      for (let ids = count(); ids > 0; ids -= 1) shape.push(dimensions[count()]?.length ?? 0);
      passAttributes();
      const type = types[number()]?.[0] ?? "unknown";
      count();
      at += offsetBytes;
      arrays.push({ name, type, shape });
    }
  }

  function passAttributes(): void {
    for (let left = list(ATTRIBUTES); left > 0; left -= 1) {
      text();
      const bytes = types[number()]?.[1] ?? 0;
      const values = count();
      at += padded(values * bytes);
    }
  }

  /** The number of things in a list; an absent one has none. */
  function list(kind: number): number {
    const found = number();
    const length = count();
    if (found === kind || (found === 0 && length === 0)) return length;
    throw new Failure("FORMAT_INVALID", `not a whole NetCDF header: a list of the kind ${found}`);
  }

  function text(): string {
    const length = count();
    if (at + length > header.length) throw new RangeError("its header ends within a name");
    at += padded(length);
    return header.toString("utf8", at - padded(length), at - padded(length) + length);
  }

  function number(): number {
    at += 4;
    return header.readUInt32BE(at - 4);
  }

  function count(): number {
    if (!isWide) return number();
    at += 8;
    return Number(header.readBigUInt64BE(at - 8));
  }
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
