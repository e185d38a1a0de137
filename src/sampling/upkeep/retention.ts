import type { Published, SamplePosition, UpkeepStore } from "../../store/upkeep-store.ts";
import { setImmediate } from "node:timers/promises";
import type { Retention } from "../../config/settings.ts";
import { Failure } from "../../errors.ts";
import { prunedReceipts } from "../../samples/receipts.ts";
import type { SampleDirectory } from "../../samples/sample-directory.ts";

/** Options of retention in one dataset. */
export interface RetentionOptions {
  readonly store: UpkeepStore;
  readonly dataset: string;
  readonly retention: Retention;
  /** ms since epoch. */
  readonly now: number;
  /** True when the process is to end; the rest is left for another time. */
  readonly isStopping: () => boolean;
}

/** Options of removing samples. */
export interface PruneOptions extends RetentionOptions {
  readonly samples: SampleDirectory;
  /** Called with the number of samples that were gone through. */
  readonly onPruned?: (samples: number) => void;
}

/** Samples that were removed. */
export interface Pruned {
  readonly files: number;
  /** Bytes of these samples. */
  readonly bytes: number;
  /** The failure that kept the first of those that could not be removed. */
  readonly refusal?: Failure;
}

/** Samples that are looked at before signals get a turn. */
const LOOKED_AT = 1000;
/** Samples that are removed while nobody else can write to the cache. */
const REMOVED = 100;
const OLDEST: SamplePosition = { sampledAt: -1, raw: "" };
const NEWEST: SamplePosition = { sampledAt: Number.MAX_SAFE_INTEGER, raw: "" };

/** True when retention has any limit; without one nothing is ever removed. */
export function isLimited({ maxAge, maxFiles, maxBytes }: Retention): boolean {
  return maxAge !== undefined || maxFiles !== undefined || maxBytes !== undefined;
}

/** Yields pages of the samples that are to be removed, oldest first; removes nothing. */
export async function* beyondRetention(
  options: RetentionOptions,
): AsyncGenerator<readonly Published[], void, void> {
  const { store, dataset, retention, isStopping } = options;
  if (!isLimited(retention)) return;
  const before = await oldestKept(options);
  for (let after: SamplePosition | undefined = OLDEST; after !== undefined && !isStopping();) {
    const page: readonly Published[] = await store.oldestSamples(
      dataset,
      { after, before },
      REMOVED,
    );
    if (page.length > 0) yield page;
    after = page.at(-1);
    await setImmediate();
  }
}

/**
 * Removes the oldest samples of a dataset until the rest is within its limits. Receipts come first;
 * then each file goes together with the cache's record of it. A file that cannot be removed stays
 * as it is, and holds up no other.
 * @throws Failure OUTPUT_FULL or OUTPUT_UNWRITABLE, and what the cache throws
 */
export async function prune(options: PruneOptions): Promise<Pruned> {
  const { store, dataset, now, samples } = options;
  const remove = (name: string) => samples.remove(dataset, name);
  const refusals: Failure[] = [];
  let [files, bytes] = [0, 0];
  for await (const page of beyondRetention(options)) {
    const free = page.filter((sample) => isRemovable(options, sample, refusals));
    const receipts = free.flatMap((sample) => prunedReceipts(sample, now));
    const isTold = await tellIfRoom(() => samples.addReceipts(dataset, receipts));
    const { removed, failure } = await store.prune(dataset, free, remove);
    if (!isTold) await samples.addReceipts(dataset, receipts);
    if (failure !== undefined) throw failure;
    files += removed.length;
    bytes += removed.reduce((sum, sample) => sum + sample.bytes, 0);
    options.onPruned?.(page.length);
  }
  return { files, bytes, ...(refusals[0] === undefined ? {} : { refusal: refusals[0] }) };
}

function isRemovable(
  { dataset, samples }: PruneOptions,
  { sample }: Published,
  refusals: Failure[],
): boolean {
  try {
    samples.checkRemovable(dataset, sample);
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    refusals.push(error);
    return false;
  }
}

/** Writes receipts if there is room. On a full disk the samples go first: they make the room. */
async function tellIfRoom(addReceipts: () => Promise<void>): Promise<boolean> {
  try {
    await addReceipts();
    return true;
  } catch (error) {
    if (error instanceof Failure && error.code === "OUTPUT_FULL") return false;
    throw error;
  }
}

/** The place in the order of age before which everything is to be removed. */
async function oldestKept(options: RetentionOptions): Promise<SamplePosition> {
  const { store, dataset, retention, now, isStopping } = options;
  const { maxAge, maxFiles, maxBytes } = retention;
  const from = maxAge === undefined ? OLDEST : { sampledAt: now - maxAge * 1000, raw: "" };
  if (maxFiles === undefined && maxBytes === undefined) return from;
  let [files, bytes] = [0, 0];
  let kept = NEWEST;
  for (let before: SamplePosition = NEWEST; !isStopping(); await setImmediate()) {
    const page = await store.newestSamples(dataset, before, LOOKED_AT);
    for (const place of page) {
      files += 1;
      bytes += place.bytes;
      const isBeyond = files > (maxFiles ?? Infinity) || bytes > (maxBytes ?? Infinity);
      if (isBeyond || place.sampledAt < from.sampledAt) return kept;
      kept = place;
    }
    if (page.length < LOOKED_AT) return OLDEST;
    before = kept;
  }
  return OLDEST;
}
