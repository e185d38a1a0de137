import { existsSync } from "node:fs";
import { openDiskPart } from "./disk-part.ts";
import { createMemoryPart } from "./memory-part.ts";
import type { PartialFile, PartOptions } from "./partial.ts";

/**
 * Opens a partial file: what an earlier process has left of it, else one that stays in memory for as
 * long as it is known to be small.
 * @throws Failure ALREADY_RUNNING where another process is at it; OUTPUT_FULL or OUTPUT_UNWRITABLE
 */
export async function openPartial(part: string, options: PartOptions): Promise<PartialFile> {
  const isLeft = existsSync(`${part}.json`);
  return isLeft ? await openDiskPart(part, options) : createMemoryPart(part, options);
}
