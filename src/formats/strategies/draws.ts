import { createHash } from "node:crypto";

/** Random numbers that are always the same for the same seed. */
export interface Draws {
  /** A whole number from 0 to `end` (exclusive), each as likely as any other. */
  below(end: number): number;
}

/** Draws from the SHA-256 of a seed, by sfc32 (pracrand.sourceforge.net, "Small Fast Counting"). */
export function drawsFrom(seed: string): Draws {
  const state = new Uint32Array(createHash("sha256").update(seed).digest().buffer.slice(0, 16));
  let [a = 0, b = 0, c = 0, counter = 0] = state;
  return {
    below: (end) => Math.floor(((next() >>> 5) * 2 ** 26 + (next() >>> 6)) * 2 ** -53 * end),
  };

  function next(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}
