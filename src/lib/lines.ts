import type { Encoding } from "./encoding.ts";
import type { RecordScanner } from "./records.ts";

const LF = 0x0a;
const CR = 0x0d;

/**
 * Records are lines. With `skipBlank`, a line of white space alone belongs to the line after it
 * and does not count.
 */
export function lineScanner(encoding: Encoding, skipBlank: boolean): RecordScanner {
  const simple = encoding.utf16 === undefined && !encoding.loneCr;
  return simple ? byteLines(encoding.bom, skipBlank) : unitLines(encoding, skipBlank);
}

/** Turns bytes into code units, one or two bytes each, whatever the chunk borders. */
export function unitReader(utf16: Encoding["utf16"]): (byte: number) => number {
  if (utf16 === undefined) return (byte) => byte;
  let half = -1;
  return (byte) => {
    if (half < 0) {
      half = byte;
      return -1;
    }
    const unit = utf16 === "le" ? half | (byte << 8) : (half << 8) | byte;
    half = -1;
    return unit;
  };
}

/** White space of a blank line, and the byte order mark in front of one. */
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

function unitLines({ utf16, loneCr }: Encoding, skipBlank: boolean): RecordScanner {
  const read = unitReader(utf16);
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
