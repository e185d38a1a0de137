import type { Settings } from "../../config/settings.ts";
import { isUrl } from "../../lib/bronze-url.ts";
import { checkpointAfter } from "../../manifest/files.ts";
import { isCompressed } from "../../manifest/generations.ts";
import type { Segment } from "../../manifest/plan.ts";
import { type ReadBatch, readSegment } from "../../manifest/read.ts";
import { readingAsIs } from "../../manifest/reading-as-is.ts";
import type { Checkpoint, Entry, RejectedLine } from "../../manifest/types.ts";
import type { Accepted, Batch, IngestStore } from "../../store/ingest-store.ts";
import { expectedForIn } from "../expected-for.ts";
import { isSettled, type Look } from "./look.ts";
import type { Together } from "./together.ts";

/** Store, settings and listeners that the steps of every look share. */
export interface Reading {
  readonly store: IngestStore;
  readonly settings: Settings;
  readonly together: Together;
  /** Seals what is secret in a bronze URL. @throws Failure CACHE_UNUSABLE */
  readonly seal: (bronze: string) => string;
  /** Called with bad lines before the checkpoint moves past them. */
  readonly onRejected: (dataset: string, lines: readonly RejectedLine[]) => Promise<void>;
  /** Called with the number of receipts taken over so far, where the cache was lost. */
  readonly onRestored: (dataset: string, receipts: number) => void;
}

/** Accepts lines of a look's dataset, and the checkpoints that move with them. */
export function accept(
  { store, settings }: Pick<Reading, "store" | "settings">,
  { dataset, now }: Look,
  batch: Pick<Batch, "entries" | "rejected" | "checkpoints">,
): Promise<Accepted> {
  const expectedFor = expectedForIn(settings, dataset);
  return store.accept({ ...batch, dataset, expectedFor }, now);
}

/** Yields a segment's batches; a last line that is bad has to be seen twice. */
export async function* readBatches(
  { store, settings, onRejected, seal }: Reading,
  look: Look,
  segment: Segment,
): AsyncGenerator<ReadBatch, void, void> {
  const sealed = (entry: Entry): Entry => ({ ...entry, bronze: seal(entry.bronze) });
  const { settleMs } = settings.manifest;
  const settled = (offset: number) => isSettled(look, `${segment.file.id}@${offset}`, settleMs);
  const { longestRaw } = store;
  const reading = { ...readingAsIs, isSettled: settled, longestRaw };
  for await (const batch of readSegment(look.directory, segment, reading)) {
    if (batch.rejected.length > 0) await onRejected(look.dataset, batch.rejected);
    const hasUrls = batch.entries.some(({ bronze }) => isUrl(bronze));
    yield hasUrls ? { ...batch, entries: batch.entries.map(sealed) } : batch;
  }
}

/**
 * The checkpoint at the end of a segment. A compressed file was read whole, and is known by its
 * compressed bytes from then on.
 */
export async function endOf(look: Look, { file }: Segment, last: Checkpoint): Promise<Checkpoint> {
  return isCompressed(file) ? checkpointAfter(look.directory, file) : last;
}
