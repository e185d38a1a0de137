import { crc32 } from "node:zlib";
import { NoSample } from "../../errors.ts";
import type { Limits } from "../../lib/limits.ts";
import { checkRatio } from "../ratio.ts";
import { unpackBy } from "./methods.ts";
import type { OpenZip, ZipEntry } from "./reader.ts";

/** The part of a member's data that was read. */
export interface Read {
  bytes: number;
  crc32: number;
  isWhole: boolean;
}

/** Makes the account of a member of which nothing was read yet. */
export function nothingRead(): Read {
  return { bytes: 0, crc32: 0, isWhole: false };
}

/**
 * Yields a member's data, unpacked, and counts it in `read`.
 * @throws NoSample where it is encrypted or packed in a way that is not ours; Failure LIMIT_EXCEEDED
 * for a bomb; what reading and unpacking throw.
 */
export async function* unpackMember(
  archive: OpenZip,
  entry: ZipEntry,
  limits: Pick<Limits, "ratio">,
  read: Read,
): AsyncGenerator<Uint8Array, void, void> {
  if (entry.isEncrypted) throw new NoSample("encrypted");
  const stored = { bytes: 0 };
  for await (const chunk of unpackBy(entry.method, counted(archive.stored(entry), stored))) {
    read.bytes += chunk.length;
    read.crc32 = crc32(chunk, read.crc32);
    checkRatio(read.bytes, stored.bytes, limits);
    yield chunk;
  }
  read.isWhole = true;
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  stored: { bytes: number },
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of chunks) {
    stored.bytes += chunk.length;
    yield chunk;
  }
}

/**
 * The damage of a member; undefined where none was found. The checksum covers all bytes: it says
 * nothing of a member that was read in part.
 */
export function damageOf(entry: ZipEntry, read: Read): string | undefined {
  if (!read.isWhole || read.crc32 === entry.crc32) return undefined;
  return `damaged: its ${read.bytes} bytes do not have the CRC-32 of the archive`;
}
