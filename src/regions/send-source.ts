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
  const partBytes = partBytesFor(source.size, options.partBytes);
  const withParts = { ...options, partBytes };
  return source.size <= partBytes
    ? await sendAtOnce(source, withParts)
    : await sendInParts(source, withParts);
}

async function sendAtOnce(
  { key, size, sha256, fill, checkUnchanged }: SourceBytes,
  { bucket, buffers, partBytes, isAgain, limit, signal, onBytes }: SendOptions,
): Promise<Sent> {
  const whole = await buffers.take(size <= SMALL_BYTES ? size : partBytes);
  const buffer = whole.subarray(0, size);
  try {
    await fill(buffer, 0);
    sha256.update(buffer);
    await checkUnchanged();
    const etag = createHash("md5").update(buffer).digest("hex");
    const hash = sha256.digest("hex");
    const there = isAgain ? await bucket.head(key) : undefined;
    if (there?.etag !== etag) {
      await limit.take(size, signal);
      await bucket.put(key, buffer, { metadata: { sha256: hash } });
    }
    onBytes(size);
    return { bytes: size, sha256: hash, etag, part_bytes: 0 };
  } finally {
    buffers.give(whole);
  }
}
