import type { Encoding } from "./encoding.ts";
import type { RecordScanner } from "./records.ts";

const LF = 0x0a;
const CR = 0x0d;

/**
 * Creates a scanner whose records are lines. With `skipBlank`, a line of white space alone belongs
 * to the line after it and does not count.
 */
export function lineScanner(encoding: Encoding, skipBlank: boolean): RecordScanner {
  const simple = encoding.unitBytes === 1 && !encoding.loneCr;
  return simple ? byteLines(encoding.bom, skipBlank) : unitLines(encoding, skipBlank);
}

/**
 * Creates a function that turns bytes into code units, -1 within one; chunk borders do not matter.
 */
export function unitReader({ unitBytes, bigEndian }: Encoding): (byte: number) => number {
  if (unitBytes === 1) return (byte) => byte;
  let unit = 0;
  let taken = 0;
  return (byte) => {
    unit = bigEndian ? (unit << 8) | byte : unit | (byte << (8 * taken));
    taken += 1;
    if (taken < unitBytes) return -1;
    const whole = unit >>> 0;
    unit = 0;
    taken = 0;
    return whole;
  };
}

/** True for white space of a blank line, and for the byte order mark in front of one. */
function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x09 || unit === CR || unit === 0xfeff;
}

function byteLines(bom: number, skipBlank: boolean): RecordScanner {
  let seen = false;
  let skip = bom;
  return {
    started: () => seen,
    next(chunk, from) {
      let at = from;
      while (at < chunk.length) {
        const feed = chunk.indexOf(LF, at);
        const end = feed < 0 ? chunk.length : feed;
        seen ||= skipBlank ? hasContent(chunk, at, end) : end > at || feed >= 0;
        if (feed < 0) return -1;
        at = feed + 1;
        if (!seen) continue;
        seen = false;
        return at;
      }
      return -1;
    },
  };

  function hasContent(chunk: Uint8Array, start: number, end: number): boolean {
    for (let i = start; i < end; i += 1) {
      if (skip > 0) skip -= 1;
      else if (!isBlank(chunk[i] as number)) return true;
    }
    return false;
  }
}

function unitLines(encoding: Encoding, skipBlank: boolean): RecordScanner {
  const read = unitReader(encoding);
  const { loneCr } = encoding;
  let seen = false;
  let afterCr = false;
  return {
    started: () => seen,
    next(chunk, from) {
      for (let i = from; i < chunk.length; i += 1) {
        const unit = read(chunk[i] as number);
        if (unit < 0) continue;
        const partOfCrLf = afterCr && unit === LF;
        afterCr = loneCr && unit === CR;
        if (partOfCrLf) continue;
        const ends = unit === LF || afterCr;
        seen ||= skipBlank ? !ends && !isBlank(unit) : unit !== 0xfeff;
        if (!ends || !seen) continue;
        seen = false;
        return i + 1;
      }
      return -1;
    },
  };
}
