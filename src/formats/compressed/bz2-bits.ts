/** Thrown where the input ends too early: with more input, reading may succeed. */
export const ranOut = new Error("the input ends too early");

/** Reads bits, the highest of each byte first. */
export interface BitReader {
  /** The next 0 to 32 bits; null goes on to the start of the next byte. Throws `ranOut`. */
  bits(count: number | null): number | null;
  /** Bits gone past. */
  position(): number;
}

/** Reads bits of `input` from bit `start` on. */
export function bitReader(input: Uint8Array, start: number): BitReader {
  let at = start;
  return { bits, position: () => at };

  function bits(count: number | null): number | null {
    if (count === null) {
      at = Math.ceil(at / 8) * 8;
      return null;
    }
    if (at + count > input.length * 8) throw ranOut;
    let value = 0;
    for (let left = count; left > 0;) {
      const free = 8 - (at & 7);
      const taken = Math.min(free, left);
      const byte = input[at >> 3] as number;
      value = (value << taken) | ((byte >> (free - taken)) & ((1 << taken) - 1));
      at += taken;
      left -= taken;
    }
    return value;
  }
}
