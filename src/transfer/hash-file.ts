import { createReadStream } from "node:fs";
import { folding } from "./digest.ts";

const CHUNK_BYTES = 1024 ** 2;

/** The SHA-256 of a file, lower-case hexadecimal. @throws errno; the signal's reason once it is aborted */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const folded = folding({ withMd5: false });
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    signal?.throwIfAborted();
    folded.add(chunk as Uint8Array);
  }
  return folded.end().sha256;
}
