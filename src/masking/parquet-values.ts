import type { ParquetMetadata } from "../decode/parquet-schema.ts";
import { lengthAt } from "../formats/parquet/encodings.ts";
import {
  BOOLEAN,
  BYTE_ARRAY,
  FIXED_LEN_BYTE_ARRAY,
  INT32,
  INT64,
  type Leaf,
} from "../formats/parquet/schema.ts";
import { bytesAsText, twosComplement, unscaled, wholeWithin } from "./numbers.ts";
import { impossible } from "./reasons.ts";
import type { Masked, ValueKind } from "./transforms.ts";

/** An element of a schema, as hyparquet has it. */
type Element = ParquetMetadata["schema"][number];

/** A way to read and write the values of a column, PLAIN as the sampler has them. */
export interface ValueCodec {
  readonly kind: ValueKind;
  /** The text of a value; of bytes of any length without their length. */
  read(value: Buffer): string;
  /** The bytes of a masked value, as long as they were where the type says so. */
  write(masked: Masked): Buffer;
}

/** Nanoseconds of a day, then the day: the first of 1970 (INT96). */
const EPOCH_DAY = 2_440_588;
/** Words of a type's meaning that do not ask for more of a value than its physical type does. */
const PLAIN_MEANINGS =
  /^(UTF8|STRING|ENUM|UUID|DATE|TIMESTAMP(_\w+)?|U?INT_?\d+|INTEGER|DECIMAL|NULL)$/;

/** The way for a column. @throws NoSample where its values have a meaning that a mask would break */
export function valueCodec(leaf: Leaf, element: Element): ValueCodec {
  const meaning = element.logical_type?.type ?? element.converted_type ?? "";
  if (meaning === "DECIMAL") return decimalCodec(leaf);
  const isPlain = meaning === "" || PLAIN_MEANINGS.test(meaning);
  switch (leaf.type) {
    case BOOLEAN:
      return { kind: "boolean", read: ([bit]) => String(bit === 1), write: () => Buffer.alloc(1) };
    case INT32:
    case INT64:
      if (/^TIME(_|$)/.test(meaning)) return constant(leaf, Buffer.alloc(leaf.width as number));
      if (!isPlain) throw impossible("type");
      return wholeCodec(leaf.width as number, bitsOf(element, leaf.width as number));
    case BYTE_ARRAY:
      if (meaning === "JSON")
        return { ...textCodec, write: (text) => Buffer.from(JSON.stringify(text ?? "")) };
      if (!isPlain) throw impossible("type");
      return textCodec;
    case FIXED_LEN_BYTE_ARRAY:
      return fixedCodec(leaf.width as number, isPlain);
    default:
      return leaf.width === 12 ? constant(leaf, epochInt96()) : floatCodec(leaf.width as number);
  }
}

const textCodec: ValueCodec = {
  kind: "text",
  read: bytesAsText,
  write: (text) => Buffer.from(text ?? ""),
};

function fixedCodec(width: number, isPlain: boolean): ValueCodec {
  return {
    kind: "text",
    read: bytesAsText,
    write: (text) => Buffer.alloc(width, isPlain && text !== null && text !== "" ? text : "\0"),
  };
}

function decimalCodec({ width, type }: Leaf): ValueCodec {
  const isBytes = type === BYTE_ARRAY || type === FIXED_LEN_BYTE_ARRAY;
  if (!isBytes) return wholeCodec(width as number, 8 * (width as number));
  return {
    kind: "number",
    read: (value) => String(unscaled(value)),
    write(masked) {
      const number = BigInt(masked ?? "0");
      return width === undefined
        ? twosComplement(number)
        : twosComplement(wholeWithin(String(number), 8 * width), width);
    },
  };
}

function wholeCodec(width: number, bits: number): ValueCodec {
  const isUnsigned = bits > 8 * width;
  return {
    kind: "number",
    read(value) {
      const signed = width === 4 ? BigInt(value.readInt32LE()) : value.readBigInt64LE();
      return String(isUnsigned ? BigInt.asUintN(8 * width, signed) : signed);
    },
    write(masked) {
      const bytes = Buffer.alloc(width);
      const number = BigInt.asIntN(8 * width, wholeWithin(masked ?? "0", bits));
      if (width === 4) bytes.writeInt32LE(Number(number));
      else bytes.writeBigInt64LE(number);
      return bytes;
    },
  };
}

/** Bits that hold the values of a column of whole numbers, and a sign. */
function bitsOf(
  { logical_type: logical, converted_type: converted }: Element,
  width: number,
): number {
  const [, unsigned, written] = /^(U?)INT_(\d+)$/.exec(converted ?? "") ?? [];
  const isInteger = logical?.type === "INTEGER";
  const bits = isInteger ? logical.bitWidth : Number(written ?? 8 * width);
  const isSigned = isInteger ? logical.isSigned : unsigned !== "U";
  return isSigned ? bits : bits + 1;
}

function floatCodec(width: number): ValueCodec {
  return {
    kind: "number",
    read: (value) => String(width === 4 ? value.readFloatLE() : value.readDoubleLE()),
    write(masked) {
      const number = Number(masked ?? "0");
      const bytes = Buffer.alloc(width);
      const finite = Number.isFinite(number) ? number : 0;
      if (width === 4) bytes.writeFloatLE(finite);
      else bytes.writeDoubleLE(finite);
      return bytes;
    },
  };
}

/** A column of which any masked value becomes the same. */
function constant(leaf: Leaf, value: Buffer): ValueCodec {
  return { kind: "text", read: (bytes) => bytes.toString("hex"), write: () => Buffer.from(value) };
}

function epochInt96(): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32LE(EPOCH_DAY, 8);
  return bytes;
}

/** The values of a column, each without the length before it. */
export function valuesOf(values: Uint8Array, { width }: Leaf): Buffer[] {
  const all = Buffer.from(values.buffer, values.byteOffset, values.length);
  const found: Buffer[] = [];
  for (let at = 0; at < all.length;) {
    const start = width === undefined ? at + 4 : at;
    const end = start + (width ?? lengthAt(all, at));
    if (end > all.length) throw impossible("format");
    found.push(all.subarray(start, end));
    at = end;
  }
  return found;
}

/** The same values in one piece, as a column has them. */
export function joinValues(values: readonly Buffer[], { width }: Leaf): Buffer {
  if (width !== undefined) return Buffer.concat(values);
  return Buffer.concat(
    values.flatMap((value) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(value.length);
      return [length, value];
    }),
  );
}
