import { growing } from "../../lib/growing.ts";
import { BYTES, FIRST_BITS, GROUP_CODES } from "./lzw.ts";

/** Packs bytes with LZW. */
export interface LzwPacker {
  /** Takes bytes, and returns what is ready. */
  add(bytes: Uint8Array): Buffer;
  /** Returns the rest. */
  end(): Buffer;
}

/** Creates a packer for block mode and codes of up to `maxBits` bits; a full table stays as it is. */
export function lzwPacker(maxBits: number): LzwPacker {
  const most = 1 << maxBits;
  /** Codes by the code before a last byte, and that byte. */
  const codes = new Map<number, number>();
  const output = growing();
  let prefix = -1;
  let next = BYTES + 1;
  /** Codes that a reader has in its table: it learns each of ours with the code after it. */
  let known = BYTES;
  let bits = FIRST_BITS;
  let written = 0;
  let held = 0;
  let heldBits = 0;
  return { add, end };

  function add(bytes: Uint8Array): Buffer {
    for (const byte of bytes) {
      const key = prefix * BYTES + byte;
      const longer = prefix < 0 ? byte : codes.get(key);
      if (longer === undefined) {
        put(prefix);
        if (next < most) codes.set(key, next++);
      }
      prefix = longer ?? byte;
    }
    return taken();
  }

  function end(): Buffer {
    if (prefix >= 0) put(prefix);
    if (heldBits > 0) output.push(held);
    return taken();
  }

  function put(code: number): void {
    if (known >= 1 << bits && bits < maxBits) {
      while (written % GROUP_CODES !== 0) write(0);
      bits += 1;
    }
    write(code);
    known += 1;
  }

  function write(code: number): void {
    held |= code << heldBits;
    heldBits += bits;
    written += 1;
    for (; heldBits >= 8; heldBits -= 8) {
      output.push(held & 0xff);
      held >>>= 8;
    }
  }

  function taken(): Buffer {
    const bytes = Buffer.from(output.bytes());
    output.clear();
    return bytes;
  }
}
