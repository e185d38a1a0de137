import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { errorCode, Failure } from "../errors.ts";
import { entryPath, type HeldDirectory } from "../lake/held-directory.ts";
import { findPlace } from "./directory.ts";

/** The expected state of a sample. */
export interface Expected {
  /** null where that is not known. */
  readonly bytes: number | null;
  /** Time after which it was written, ms since epoch. */
  readonly after: number;
}

/**
 * The state of a sample after a power loss. `broken`: a regular file that is short, too long, or
 * zeros where a block was not written. `lost`: not there, not readable, no regular file, or of an
 * earlier version, whose replacement did not last.
 */
export type Found = "whole" | "broken" | "lost";

/** Bytes of a block: file systems allocate blocks of this many bytes, or multiples. */
const BLOCK = 4096;

/**
 * Looks at a sample, by its name below `samples`; reads at most its first and last 4 KiB. Never
 * throws for what is on disk.
 */
export function lookAtSample(
  samples: HeldDirectory,
  name: string,
  { bytes, after }: Expected,
): Found {
  let fd: number | undefined;
  try {
    using place = findPlace(samples, name);
    if (place === undefined) return "lost";
    const path = entryPath(place.folder, place.file);
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(fd);
    if (!stats.isFile()) return "lost";
    if (bytes !== null && stats.size !== bytes) return "broken";
    const starts = [0, Math.max(0, stats.size - BLOCK)];
    if (stats.size > 0 && starts.some((start) => isZeros(fd as number, start))) return "broken";
    return stats.mtimeMs < after ? "lost" : "whole";
  } catch (error) {
    if (errorCode(error) === undefined && !(error instanceof Failure)) throw error;
    return "lost";
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function isZeros(fd: number, start: number): boolean {
  const bytes = Buffer.alloc(BLOCK);
  let filled = 0;
  while (filled < BLOCK) {
    const bytesRead = readSync(fd, bytes, filled, BLOCK - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.every((byte) => byte === 0);
}
