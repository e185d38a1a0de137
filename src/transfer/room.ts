import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure } from "../errors.ts";
import { bytesText } from "../lib/text.ts";

/**
 * Sees that so many bytes more have room beside a file.
 * @throws Failure LIMIT_EXCEEDED, which says what is missing
 */
export async function checkRoom(part: string, bytes: number): Promise<void> {
  const directory = dirname(part);
  const { bavail, blocks, bsize } = await statfs(directory);
  // Some file systems do not tell.
  if (blocks === 0 || bavail * bsize >= bytes) return;
  const [needed, free] = [bytesText(bytes), bytesText(bavail * bsize)];
  const missing = bytesText(bytes - bavail * bsize);
  throw new Failure(
    "LIMIT_EXCEEDED",
    `${directory} has ${free} free, and ${needed} are needed: ${missing} are missing`,
  );
}
