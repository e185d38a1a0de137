import { createHash } from "node:crypto";
import { SMALL_BYTES } from "./buffers.ts";
import { partBytesFor } from "./parts.ts";
import type { SendOptions, Sent, SourceBytes } from "./sending.ts";
import { sendInParts } from "./send-parts.ts";

/**
 * Sends bytes, at once or in parts; their hash is computed while they are read, once. Undefined where
 * the store has the whole of another object under that key.
 * @throws what the source and the bucket say
 */
export async function sendSource(
  source: SourceBytes,
  options: SendOptions,
): Promise<Sent | undefined> {
  const partBytes = partBytesFor(source.most, options.partBytes);
  const withParts = { ...options, partBytes };
  return source.most <= partBytes
    ? await sendAtOnce(source, withParts)
    : await sendInParts(source, withParts);
}

async function sendAtOnce(
  { key, most, sha256: folded, fill, checkUnchanged }: SourceBytes,
  { bucket, buffers, partBytes, isAgain, limit, signal, onBytes }: SendOptions,
): Promise<Sent> {
  const whole = await buffers.take(most <= SMALL_BYTES ? most : partBytes);
  try {
    const bytes = whole.subarray(0, await fill(whole));
    folded.update(bytes);
    checkUnchanged();
    const sha256 = folded.digest();
    const md5 = createHash("md5").update(bytes).digest();
    const [hash, etag] = [sha256.toString("hex"), md5.toString("hex")];
    const there = isAgain ? await bucket.head(key) : undefined;
    if (there?.etag !== etag) {
      await limit.take(bytes.length, signal);
      await bucket.put(key, bytes, { metadata: { sha256: hash }, hashes: { md5, sha256 } });
    }
    onBytes(bytes.length);
    return { bytes: bytes.length, sha256: hash, etag, part_bytes: 0 };
  } finally {
    buffers.give(whole);
  }
}
