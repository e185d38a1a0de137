import { Failure } from "../../errors.ts";
import type { Growing } from "../../lib/growing.ts";

/** Codes have this many bits at first, and after the table was cleared. */
export const FIRST_BITS = 9;
/** Codes that are bytes; in block mode the next one clears the table. */
export const BYTES = 256;
/** Codes come in groups of as many: their width changes between groups only. */
export const GROUP_CODES = 8;

/** Decodes LZW as compress(1) writes it, group after group. */
export interface LzwDecoder {
  /** Bytes of the next group: as many as a code has bits. */
  groupBytes(): number;
  /**
   * Decodes a group, of which the last one may be shorter, to the end of `output`.
   * @throws Failure FORMAT_INVALID for damage; what comes before it is there.
   */
  decode(group: Uint8Array, output: Growing): void;
}

/**
 * Creates a decoder for codes of up to `maxBits` bits, 16 at most. In block mode the table may be
 * cleared.
 */
export function lzwDecoder(maxBits: number, isBlockMode: boolean): LzwDecoder {
  const most = 1 << maxBits;
  const first = isBlockMode ? BYTES + 1 : BYTES;
  /** Of each code: the one without its last byte, that byte, and how many bytes it stands for. */
  const before = new Uint16Array(most);
  const last = new Uint8Array(most);
  const lengths = new Uint32Array(most).fill(1, 0, BYTES);
  for (let code = 0; code < BYTES; code += 1) last[code] = code;
  let bits = FIRST_BITS;
  let next = first;
  let previous = -1;
  return { groupBytes: () => bits, decode };

  function decode(group: Uint8Array, output: Growing): void {
    const width = bits;
    let at = 0;
    for (; at + width <= group.length * 8; at += width) {
      const code = codeAt(group, at, width);
      if (isBlockMode && code === BYTES) {
        bits = FIRST_BITS;
        next = first;
        previous = -1;
        return;
      }
      const isKnown = code < next || (code === next && next < most);
      if (code >= BYTES && (previous < 0 || !isKnown)) {
        throw new Failure("FORMAT_INVALID", "invalid LZW data");
      }
      take(code, output);
      // The rest of a group is padding once codes get wider.
      if (next >= 1 << bits && bits < maxBits) {
        bits += 1;
        return;
      }
    }
    if (!isPadding(group, at)) throw new Failure("FORMAT_INVALID", "unexpected end of file");
  }

  /** Adds the bytes of a code, and to the table the previous code with the first of them. */
  function take(code: number, to: Growing): void {
    // A code that is not there yet is the previous one, and its first byte again.
    const isNew = code === next;
    const known = isNew ? previous : code;
    const length = lengths[known] as number;
    const output = to.reserve(isNew ? length + 1 : length);
    for (let at = length - 1, one = known; at >= 0; at -= 1, one = before[one] as number) {
      output[at] = last[one] as number;
    }
    if (isNew) output[length] = output[0] as number;
    if (previous >= 0 && next < most) {
      before[next] = previous;
      last[next] = output[0] as number;
      lengths[next] = (lengths[previous] as number) + 1;
      next += 1;
    }
    previous = code;
  }
}

/** The code at a bit of a group; lowest bits come first. */
function codeAt(group: Uint8Array, at: number, width: number): number {
  const byte = at >> 3;
  const three =
    (group[byte] as number) | ((group[byte + 1] ?? 0) << 8) | ((group[byte + 2] ?? 0) << 16);
  return (three >> (at & 7)) & ((1 << width) - 1);
}

/** True where the bits from `at` on are only the rest of a last byte. */
function isPadding(group: Uint8Array, at: number): boolean {
  return group.length * 8 - at < 8 && (group.at(-1) ?? 0) >> (8 - (group.length * 8 - at)) === 0;
}
