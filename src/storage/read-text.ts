import { Failure } from "../errors.ts";
import { redacted } from "./location.ts";
import type { Reply } from "./types.ts";

/**
 * Reads the reply of a URL that is a short text.
 * @throws Failure LIMIT_EXCEEDED where it has more than `most` bytes; what reading it throws
 */
export async function readText({ chunks }: Reply, most: number, url: URL): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    pieces.push(chunk);
    bytes += chunk.length;
    if (bytes > most)
      throw new Failure("LIMIT_EXCEEDED", `${redacted(url)}: its answer is too long`);
  }
  return Buffer.concat(pieces).toString();
}
