import { isUtf8 } from "node:buffer";
import { cellCharacters } from "./cell.ts";
import { counted } from "../lib/text.ts";

/** The unit of a time. */
export const perSecond = { MILLIS: 1_000n, MICROS: 1_000_000n, NANOS: 1_000_000_000n } as const;

const DAY_MS = 86_400_000;
/** Bytes of a decimal at most: no format allows more, and longer ones take long to spell. */
const MAX_DECIMAL_BYTES = 64;
const MAX_SCALE = 1000;
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000e-\u001f\u007f]/;

/** Days since 1970 as `2026-01-18`. */
export function dateText(days: number): string {
  return isoOf(days * DAY_MS)?.replace(/T.*/, "") ?? `${days} days`;
}

/** A time since 1970 as `2026-01-18T14:30:07.123456Z`; without the `Z` where it is a local one. */
export function timestampText(value: bigint, per: bigint, isUtc: boolean): string {
  const [seconds, rest] = divided(value, per);
  const iso = isoOf(Number(seconds) * 1000)?.replace(/\.\d+Z$/, "");
  return iso === undefined ? String(value) : iso + fraction(rest, per) + (isUtc ? "Z" : "");
}

/** A time of day as `14:30:07.5`. */
export function timeText(value: bigint, per: bigint): string {
  const [seconds, rest] = divided(value, per);
  if (seconds < 0n || seconds >= 86_400n) return String(value);
  const parts = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n];
  return parts.map((part) => String(part).padStart(2, "0")).join(":") + fraction(rest, per);
}

/** A decimal from its digits: 12345 with scale 2 is `123.45`. */
export function decimalText(unscaled: bigint, scale: number): string {
  if (scale <= 0 || scale > MAX_SCALE) return `${unscaled}${scale === 0 ? "" : `e${-scale}`}`;
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** The decimal in bytes: two's complement, the highest byte first. */
export function decimalOfBytes(bytes: Uint8Array, scale: number): string {
  if (bytes.length > MAX_DECIMAL_BYTES) return hexText(bytes);
  const hex = Buffer.from(bytes).toString("hex");
  return decimalText(hex === "" ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`)), scale);
}

/** A 32-bit float, without the digits that only a 64-bit one has. */
export function floatText(value: number): string {
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

/** Bytes as text where they read as such, else in hexadecimal. */
export function bytesText(bytes: Uint8Array): string {
  // A whole character may be cut at the end of the first ones.
  const head = Buffer.from(bytes.subarray(0, 4 * cellCharacters()));
  const isWhole = head.length === bytes.length;
  const text = new TextDecoder().decode(head, { stream: !isWhole });
  const isRead = isWhole ? isUtf8(head) : !text.includes("\ufffd");
  return isRead && !control.test(text) ? text : hexText(bytes);
}

/** The first bytes in hexadecimal, and the number of all where there are more. */
export function hexText(bytes: Uint8Array): string {
  // A quarter of a cell in all.
  const most = Math.floor(cellCharacters() / 8) - 1;
  const hex = Buffer.from(bytes.subarray(0, most)).toString("hex");
  return bytes.length > most ? `0x${hex}… (${bytes.length} bytes)` : `0x${hex}`;
}

/** 16 bytes as a UUID. */
export function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.subarray(0, 16)).toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Months, days and milliseconds, 4 bytes each, the lowest first. */
export function durationText(bytes: Uint8Array): string {
  if (bytes.length !== 12) return hexText(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 12);
  const [months, days, ms] = [0, 4, 8].map((at) => view.getUint32(at, true));
  return `${counted(months ?? 0, "month")} ${counted(days ?? 0, "day")} ${ms} ms`;
}

function divided(value: bigint, per: bigint): readonly [whole: bigint, rest: bigint] {
  const rest = ((value % per) + per) % per;
  return [(value - rest) / per, rest];
}

function fraction(rest: bigint, per: bigint): string {
  if (rest === 0n) return "";
  return `.${String(rest)
    .padStart(String(per).length - 1, "0")
    .replace(/0+$/, "")}`;
}

function isoOf(ms: number): string | undefined {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
