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

/** A use as a bucket lists it. */
export interface ListedUse {
  /** As it stands in the key: made safe. */
  readonly instance: string;
  /** When it was counted last. */
  readonly at: Date;
}

/** Longest part of a key that an instance gets, characters. */
const MOST = 128;

/**
 * Counts a use in the bucket that it came from: an object for each machine, so that nobody has to wait for
 * anybody. A machine that comes again is counted once, with its last time.
 * @throws Failure, FORBIDDEN where this machine may only read
 */
export async function countUse(region: Region, id: string, use: Use): Promise<void> {
  const key = `${usesBelow(id)}${keyPart(use.instance)}`;
  await region.bucket.put(key, Buffer.from(`${JSON.stringify(use)}\n`));
  // Who deletes it may have looked before.
  await removeIfDeleted(region, id);
}

/** Uses that a region's bucket has counted, in the order of their keys. @throws Failure */
export async function* usesOf(
  { bucket }: Pick<Region, "bucket">,
  id: string,
): AsyncGenerator<ListedUse, void, void> {
  const below = usesBelow(id);
  for await (const page of bucket.list(below))
    for (const { key, changedAt: at } of page) yield { instance: key.slice(below.length), at };
}

function usesBelow(id: string): string {
  return `${id}/_uses/`;
}

/** A text as one part of a key. */
function keyPart(text: string): string {
  const safe = text.replaceAll(/[^\w.-]/g, "_").slice(0, MOST);
  return /^\.{0,2}$/.test(safe) ? "_" : safe;
}
