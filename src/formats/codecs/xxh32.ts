const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;
const STRIPE_BYTES = 16;

/** A checksum of what has been added so far. */
export interface Xxh32 {
  add(bytes: Uint8Array): void;
  /** Unsigned. */
  digest(): number;
}

/** xxHash, 32 bits, with seed 0 (xxHash specification 0.1.1), which LZ4 frames have. */
export function xxh32(): Xxh32 {
  let a = (PRIME_1 + PRIME_2) | 0;
  let b = PRIME_2 | 0;
  let c = 0;
  let d = -PRIME_1 | 0;
  let total = 0;
  const rest = Buffer.alloc(STRIPE_BYTES);
  let restBytes = 0;
  return { add, digest };

  function add(bytes: Uint8Array): void {
    const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    total += input.length;
    let at = 0;
    if (restBytes > 0) {
      at = input.copy(rest, restBytes);
      restBytes += at;
      if (restBytes < STRIPE_BYTES) return;
      stripe(rest, 0);
    }
    for (; at + STRIPE_BYTES <= input.length; at += STRIPE_BYTES) stripe(input, at);
    restBytes = input.copy(rest, 0, at);
  }

  function stripe(input: Buffer, at: number): void {
    a = round(a, input.readInt32LE(at));
    b = round(b, input.readInt32LE(at + 4));
    c = round(c, input.readInt32LE(at + 8));
    d = round(d, input.readInt32LE(at + 12));
  }

  function digest(): number {
    const merged = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    let hash = ((total >= STRIPE_BYTES ? merged : PRIME_5) + total) | 0;
    let at = 0;
    for (; at + 4 <= restBytes; at += 4) {
      const word = Math.imul(rest.readInt32LE(at), PRIME_3);
      hash = Math.imul(rotate((hash + word) | 0, 17), PRIME_4);
    }
    for (; at < restBytes; at += 1) {
      const byte = Math.imul(rest[at] as number, PRIME_5);
      hash = Math.imul(rotate((hash + byte) | 0, 11), PRIME_1);
    }
    hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
    hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
    return (hash ^ (hash >>> 16)) >>> 0;
  }
}

function round(lane: number, word: number): number {
  return Math.imul(rotate((lane + Math.imul(word, PRIME_2)) | 0, 13), PRIME_1);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
