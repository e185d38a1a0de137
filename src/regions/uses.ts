import { USES } from "./document.ts";
import type { Region } from "./region.ts";
import { removeIfDeleted } from "./remove.ts";

/** A download of a staging by a machine. */
export interface Use {
  /** Tells the machine from others. */
  readonly instance: string;
  /** The machine's own region; null where nothing says it. */
  readonly region: string | null;
  /** ISO 8601. */
  readonly at: string;
  readonly bytes: number;
}

/** Longest part of a key that an instance gets, characters. */
const MOST = 128;

/**
 * Counts a use in the bucket that it came from: an object for each machine, so that nobody has to wait for
 * anybody. A machine that comes again is counted once, with its last time.
 * @throws Failure, FORBIDDEN where this machine may only read
 */
export async function countUse(region: Region, id: string, use: Use): Promise<void> {
  const key = `${id}/${USES}${keyPart(use.instance)}`;
  await region.bucket.put(key, Buffer.from(`${JSON.stringify(use)}\n`));
  // Who deletes it may have looked before.
  await removeIfDeleted(region, id);
}

/** A text as one part of a key. */
function keyPart(text: string): string {
  const safe = text.replaceAll(/[^\w.-]/g, "_").slice(0, MOST);
  return /^\.{0,2}$/.test(safe) ? "_" : safe;
}
