import { createHash } from "node:crypto";
import { throughEach } from "../lib/through.ts";
import { type Compression, createCompressor, mostCompressed } from "./compression.ts";
import type { SourceBytes } from "./sending.ts";
import type { OpenSource } from "./source-file.ts";

/** A file's bytes as they are sent, compressed on the way. */
export interface CompressedSource extends Omit<SourceBytes, "name" | "key"> {
  /** The file's own bytes and SHA-256, once all is read. */
  readonly original: () => { readonly bytes: number; readonly sha256: string };
  /** Gives the compressor's memory back. */
  readonly close: () => Promise<unknown>;
}

/** Bytes that are read of a file at once. */
const READ_BYTES = 256 * 1024;

/** Compresses a file while it is read, in constant memory; `onBytes` is told how many were read. */
export function createCompressedSource(
  file: OpenSource,
  compression: Compression,
  onBytes: (bytes: number) => void,
): CompressedSource {
  const { size } = file;
  const folded = createHash("sha256");
  const compressed = throughEach(read(), createCompressor(compression, size));
  let rest: Uint8Array = Buffer.alloc(0);
  let isOver = false;
  return {
    size: undefined,
    most: mostCompressed(size),
    sha256: createHash("sha256"),
    async fill(buffer) {
      let done = 0;
      while (done < buffer.length && !isOver) {
        const some = rest.subarray(0, buffer.length - done);
        buffer.set(some, done);
        done += some.length;
        rest = rest.subarray(some.length);
        if (rest.length > 0) continue;
        const next = await compressed.next();
        if (next.done === true) isOver = true;
        else rest = next.value;
      }
      return done;
    },
    checkUnchanged() {
      file.checkUnchanged();
      if (!isOver) throw new Error(`${compression} made more of ${size} bytes than it can`);
    },
    original: () => ({ bytes: size, sha256: folded.digest("hex") }),
    close: () => compressed.return(),
  };

  /** A piece is compressed before the next one is read into its place. */
  async function* read(): AsyncGenerator<Uint8Array, void, void> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(size, READ_BYTES));
    for (let left = size; left > 0;) {
      const bytes = buffer.subarray(0, await file.fill(buffer));
      folded.update(bytes);
      left -= bytes.length;
      yield bytes;
      onBytes(bytes.length);
    }
  }
}
