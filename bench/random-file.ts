import { randomFillSync } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";

const BLOCK_BYTES = 16 * 1024 ** 2;

/** Writes a file that cannot be compressed. */
export function writeRandom(path: string, bytes: number): void {
  const fd = openSync(path, "w");
  const block = Buffer.alloc(Math.min(bytes, BLOCK_BYTES));
  for (let left = bytes; left > 0;) {
    left -= writeSync(fd, randomFillSync(block), 0, Math.min(left, block.length));
  }
  closeSync(fd);
}
