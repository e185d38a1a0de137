import type { Table } from "../formats/arrow/flatbuffer.ts";
import { counted } from "../lib/text.ts";
import { exact } from "./cell.ts";
import {
  bytesText,
  dateText,
  decimalOfBytes,
  floatText,
  timestampText,
  timeText,
} from "./scalars.ts";

const DAY_MS = 86_400_000;
/** Units of times, by their number (Schema.fbs, `TimeUnit`). */
const perUnit = [1n, 1_000n, 1_000_000n, 1_000_000_000n] as const;
const units = ["s", "ms", "us", "ns"] as const;

/** Values of a fixed width, as they stand in a buffer. */
export interface ArrowScalar {
  /** Returns the value with a number for `cellOf`. @throws RangeError where it is not there */
  at(buffer: Buffer, index: number): unknown;
}

/**
 * The reader of a type's values, by the number of the type and its parameters (Schema.fbs, `Type`);
 * undefined where values have other widths than one.
 */
export function scalarOf(
  type: number,
  parameters: Table | undefined,
  isBigEndian: boolean,
): ArrowScalar | undefined {
  const number = (field: number, bytes: 1 | 2 | 4, otherwise = 0) =>
    parameters?.number(field, bytes, otherwise) ?? otherwise;
  const long = (buffer: Buffer, i: number) =>
    isBigEndian ? buffer.readBigInt64BE(i * 8) : buffer.readBigInt64LE(i * 8);
  const int = (buffer: Buffer, at: number) =>
    isBigEndian ? buffer.readInt32BE(at) : buffer.readInt32LE(at);
  const [unit, isWide] = [number(0, 2), number(1, 4, 32) === 64];
  const per = perUnit[unit] ?? 1n;

  switch (type) {
    case 2:
      return { at: integer(number(0, 4, 32), number(1, 1) === 1, isBigEndian) };
    case 3:
      return { at: float(number(0, 2), isBigEndian) };
    case 6:
      return { at: (buffer, i) => ((buffer.readUInt8(i >> 3) >> (i & 7)) & 1) === 1 };
    case 7: {
      const [scale, width] = [number(1, 4), number(2, 4, 128) / 8];
      return {
        at: (buffer, i) => {
          const bytes = Uint8Array.from(fixed(buffer, i, width));
          return exact(decimalOfBytes(isBigEndian ? bytes : bytes.toReversed(), scale));
        },
      };
    }
    case 8:
      return number(0, 2, 1) === 0
        ? { at: (buffer, i) => dateText(int(buffer, i * 4)) }
        : { at: (buffer, i) => dateText(Math.floor(Number(long(buffer, i)) / DAY_MS)) };
    case 9: {
      const perTime = perUnit[number(0, 2, 1)] ?? 1n;
      const value = (buffer: Buffer, i: number) =>
        isWide ? long(buffer, i) : BigInt(int(buffer, i * 4));
      return { at: (buffer, i) => timeText(value(buffer, i), perTime) };
    }
    case 10: {
      const isUtc = (parameters?.text(1) ?? "") !== "";
      return { at: (buffer, i) => timestampText(long(buffer, i), per, isUtc) };
    }
    case 11:
      return { at: interval(number(0, 2), int, long) };
    case 15: {
      const width = number(0, 4);
      return { at: (buffer, i) => bytesText(fixed(buffer, i, width)) };
    }
    case 18: {
      const name = units[number(0, 2, 1)] ?? "";
      return { at: (buffer, i) => `${long(buffer, i)} ${name}` };
    }
    default:
      return undefined;
  }
}

function fixed(buffer: Buffer, index: number, width: number): Buffer {
  return buffer.subarray(index * width, (index + 1) * width);
}

function integer(bits: number, isSigned: boolean, isBigEndian: boolean): ArrowScalar["at"] {
  const width = bits / 8;
  if (bits === 64) {
    return (buffer, i) => {
      const at = i * 8;
      const value = isBigEndian ? buffer.readBigInt64BE(at) : buffer.readBigInt64LE(at);
      return exact(String(isSigned ? value : BigInt.asUintN(64, value)));
    };
  }
  if (isSigned) {
    return isBigEndian
      ? (buffer, i) => buffer.readIntBE(i * width, width)
      : (buffer, i) => buffer.readIntLE(i * width, width);
  }
  return isBigEndian
    ? (buffer, i) => buffer.readUIntBE(i * width, width)
    : (buffer, i) => buffer.readUIntLE(i * width, width);
}

/** Floats of half, single and double precision. */
function float(precision: number, isBigEndian: boolean): ArrowScalar["at"] {
  if (precision === 2) {
    return (buffer, i) => (isBigEndian ? buffer.readDoubleBE(i * 8) : buffer.readDoubleLE(i * 8));
  }
  if (precision === 1) {
    return (buffer, i) =>
      exact(floatText(isBigEndian ? buffer.readFloatBE(i * 4) : buffer.readFloatLE(i * 4)));
  }
  return (buffer, i) => half(isBigEndian ? buffer.readUInt16BE(i * 2) : buffer.readUInt16LE(i * 2));
}

/** A float of 16 bits (IEEE 754). */
function half(bits: number): number {
  const [sign, exponent, rest] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return rest === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? rest * 2 ** -24 : (1024 + rest) * 2 ** (exponent - 25));
}

/** Months; days and milliseconds; months, days and nanoseconds. */
function interval(
  unit: number,
  int: (buffer: Buffer, at: number) => number,
  long: (buffer: Buffer, index: number) => bigint,
): ArrowScalar["at"] {
  if (unit === 0) return (buffer, i) => counted(int(buffer, i * 4), "month");
  if (unit === 1) {
    return (buffer, i) => `${counted(int(buffer, i * 8), "day")} ${int(buffer, i * 8 + 4)} ms`;
  }
  return (buffer, i) =>
    [
      counted(int(buffer, i * 16), "month"),
      counted(int(buffer, i * 16 + 4), "day"),
      `${long(buffer, i * 2 + 1)} ns`,
    ].join(" ");
}
