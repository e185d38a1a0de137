import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { crc64 } from "../codecs/crc64.ts";

/** A checksum of what has been added so far. */
export interface XzCheck {
  add(bytes: Uint8Array): void;
  /** As it is stored. */
  digest(): Uint8Array;
}

const CRC_32 = 1;
const CRC_64 = 4;
const SHA_256 = 10;

/** Bytes of a check, by its kind (The .xz File Format 1.2.1, 2.1.1.2). */
export function checkBytes(kind: number): number {
  return kind === 0 ? 0 : 4 * 2 ** Math.floor((kind - 1) / 3);
}

/** Computes a check; undefined for none, and for unknown kinds. */
export function checkOf(kind: number): XzCheck | undefined {
  if (kind === CRC_32) return crc32Check();
  if (kind === CRC_64) return crc64();
  if (kind !== SHA_256) return undefined;
  const hash = createHash("sha256");
  return { add: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
}

function crc32Check(): XzCheck {
  let crc = 0;
  const digest = (): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(crc);
    return bytes;
  };
  return { add: (bytes) => void (crc = crc32(bytes, crc)), digest };
}
