import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import type { MaskWay } from "../config/mask-settings.ts";

/** The kind of a value, which masking keeps. */
export type ValueKind = "text" | "number" | "boolean" | "null";

/** A value's text, masked; null for no value. */
export type Masked = string | null;

/** Masks one value. Equal values of a domain have equal results, under one key. */
export type MaskValue = (way: MaskWay, domain: string, kind: ValueKind, text: string) => Masked;

/** The text in place of a text that is redacted. */
export const REDACTED = "REDACTED";
const TOKEN_CHARACTERS = 16;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
/** Above it a byte is not used, so that each of 26 letters, or 10 digits, is as likely. */
const MOST = { 10: 250, 26: 234 } as const;
/** Dates and times of which the year is known: ISO 8601, a year alone, and the usual others. */
const dates: readonly RegExp[] = [
  /^([12]\d{3})(?:-(?:0[1-9]|1[0-2])(?:-\d{2}(?:[T ].*)?)?)?$/s,
  /^([12]\d{3})(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/,
  /^([12]\d{3})[/.]\d{1,2}[/.]\d{1,2}(?: .*)?$/s,
  /^\d{1,2}[-/. ](?:\d{1,2}|[A-Za-z]{3,9})[-/. ]([12]\d{3})(?: .*)?$/s,
];

/**
 * Prepares masking under a key. `token`: HMAC-SHA-256 of domain, NUL and value, 16 characters of
 * base32. `shape`: each digit and letter becomes another one of its kind, by the whole value.
 * `redact`: one text for all. `null`: no value. `year`: that of a date; what is no date is redacted.
 * `keep`: as it is. A number stays a number of as many digits, a boolean becomes false, no value stays
 * none, an empty text empty.
 */
export function maskValueBy(key: KeyObject): MaskValue {
  const shapeKey = derivedKey(key, "shape");
  return (way, domain, kind, text) => {
    if (way === "keep" || kind === "null" || text === "") return kind === "null" ? null : text;
    if (way === "null") return null;
    if (kind === "boolean") return "false";
    if (kind === "number") return way === "token" || way === "shape" ? number(domain, text) : "0";
    if (way === "token") return base32(hmac(key, domain, text));
    if (way === "shape") return shape(domain, text, false);
    if (way === "year") return yearOf(text) ?? REDACTED;
    return REDACTED;
  };

  /** A number in the notation of JSON: sign, point and exponent stay. */
  function number(domain: string, text: string): string {
    const [mantissa = "", ...exponent] = text.split(/(?=[eE])/);
    return shape(domain, mantissa, true) + exponent.join("");
  }

  function shape(domain: string, text: string, keepsFirstZero: boolean): string {
    const next = drawing(shapeKey, `${domain}\0${text}`);
    let isFirst = true;
    return text.replace(/[\p{L}\p{N}\p{M}]/gu, (character) => {
      if (!/\p{N}/u.test(character))
        return (/\p{Lu}/u.test(character) ? UPPER : LOWER)[next(26)] as string;
      const isLeading = isFirst;
      isFirst = false;
      if (!keepsFirstZero || !isLeading) return String(next(10));
      // A number does not begin with a zero that it did not have.
      return character === "0" ? "0" : String(1 + (next(10) % 9));
    });
  }
}

/** A key of its own for another use. */
export function derivedKey(key: KeyObject, use: string): KeyObject {
  return createSecretKey(createHmac("sha256", key).update(`staging-sampler ${use}`).digest());
}

function hmac(key: KeyObject, domain: string, text: string): Buffer {
  return createHmac("sha256", key).update(`${domain}\0${text}`).digest();
}

/** 80 bits in base32 (RFC 4648). */
function base32(bytes: Buffer): string {
  let token = "";
  for (let i = 0; i < TOKEN_CHARACTERS; i += 1) {
    const bit = 5 * i;
    const two = bytes.readUInt16BE(bit >> 3);
    token += BASE32[(two >> (11 - (bit & 7))) & 31];
  }
  return token;
}

/** Draws numbers below 10 or 26 from a value, evenly. */
function drawing(key: KeyObject, value: string): (below: 10 | 26) => number {
  let block = createHmac("sha256", key).update(value).digest();
  let at = 0;
  return (below) => {
    for (;;) {
      if (at === block.length) {
        block = createHmac("sha256", key).update(block).digest();
        at = 0;
      }
      const byte = block[at] as number;
      at += 1;
      if (byte < MOST[below]) return byte % below;
    }
  };
}

function yearOf(text: string): string | undefined {
  for (const date of dates) {
    const found = date.exec(text.trim());
    if (found !== null) return found[1];
  }
  return undefined;
}
