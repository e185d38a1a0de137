import type { FileHandle } from "node:fs/promises";
import { type Folding, type Found, folding } from "./digest.ts";

/** The hashes of a file that is written in any order. */
export interface OrderedHash {
  /** Hashes a chunk that is about to be written, if it is the next one. */
  see(chunk: Uint8Array, at: number): void;
  /** Reads back what is there from the start on and was not seen, in the background. */
  follow(prefix: number): void;
  /** The hashes of the first `bytes`; ends it. @throws errno where they could not be read back */
  end(bytes: number): Promise<Found>;
  /** Ends the reading. */
  stop(): Promise<void>;
}

const READ_BYTES = 512 * 1024;

/** Begins with no byte. */
export function createOrderedHash(
  file: FileHandle,
  { withMd5 }: { readonly withMd5: boolean },
): OrderedHash {
  const folded: Folding = folding({ withMd5 });
  let hashed = 0;
  let until = 0;
  let reading: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;
  return {
    see(chunk, at) {
      if (at !== hashed || reading !== undefined) return;
      folded.add(chunk);
      hashed += chunk.length;
    },
    follow,
    async end(bytes) {
      follow(bytes);
      await reading;
      if (failure !== undefined) throw failure.error;
      return folded.end();
    },
    async stop() {
      until = 0;
      await reading;
    },
  };

  function follow(prefix: number): void {
    until = prefix;
    if (reading !== undefined || hashed >= until) return;
    reading = readBack()
      .catch((error: unknown) => {
        failure = { error };
      })
      .finally(() => (reading = undefined));
  }

  async function readBack(): Promise<void> {
    const memory = Buffer.allocUnsafeSlow(READ_BYTES);
    while (hashed < until) {
      const wanted = Math.min(READ_BYTES, until - hashed);
      const { bytesRead } = await file.read(memory, 0, wanted, hashed);
      if (bytesRead === 0) throw new Error(`a file ends at byte ${hashed} of ${until}`);
      folded.add(memory.subarray(0, bytesRead));
      hashed += bytesRead;
    }
  }
}
