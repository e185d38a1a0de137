import type { Accepted, Batch, IngestStore } from "../../store/ingest-store.ts";
import { takenOf, type Look, NOTHING, type Taken } from "./look.ts";
import { isCompressed } from "../../manifest/generations.ts";
import type { Segment } from "../../manifest/plan.ts";
import type { ReadBatch } from "../../manifest/read.ts";
import type { Checkpoint, RejectedLine } from "../../manifest/types.ts";

/** True when a batch is to be sorted first, with what follows it. */
export type IsWanted = (look: Look, segment: Segment, batch: ReadBatch) => Promise<boolean>;

/**
 * Takes in lines that come in no order: a part of the manifest is sorted first, and its rows are
 * written in the order of their keys, each page of the cache once.
 */
export interface Together {
  /** True when a batch that begins at a checkpoint is to be taken in this way. */
  isWanted(
    look: Look,
    segment: Segment,
    read: { readonly from: Checkpoint; readonly batch: ReadBatch },
  ): Promise<boolean>;
  /**
   * Takes in a batch and those that follow it; the checkpoint moves after all their rows, and `over`
   * retire with it. Returns the last batch.
   */
  take(
    look: Look,
    over: Checkpoint[],
    read: {
      readonly first: ReadBatch;
      readonly following: AsyncGenerator<ReadBatch, void, void>;
    },
  ): AsyncGenerator<Taken, ReadBatch, void>;
}

/** Options of `createTogether`. */
export interface TogetherOptions {
  readonly store: IngestStore;
  readonly accept: (
    look: Look,
    batch: Pick<Batch, "entries" | "rejected" | "checkpoints">,
  ) => Promise<Accepted>;
  /**
   * Decides which batches are sorted first; where it is not given, those whose entries lie apart,
   * in a long manifest.
   */
  readonly isWanted: IsWanted | undefined;
}

/** Bytes after a batch up to which it is taken in as it comes. */
const LONG_BYTES = 256 * 1024;
/**
 * Bounds on the lines of a part. Within them it has as many lines as the dataset has entries, so
 * that a page of the cache is written a few times in all, even for a long manifest.
 */
const PART_LINES = 500_000;
const MOST_PART_LINES = 2_000_000;
/** Bad lines that are held in memory until their part is taken in. */
const MOST_REJECTED = 1000;

/** Creates the two functions. */
export function createTogether({ store, accept, isWanted }: TogetherOptions): Together {
  const isScattered: IsWanted =
    isWanted ??
    (async ({ dataset }, { file }, { checkpoint, entries }) => {
      const isLong = isCompressed(file) || file.size - checkpoint.offset > LONG_BYTES;
      return isLong && store.isScattered(dataset, entries);
    });

  return {
    async isWanted(look, segment, { from, batch }) {
      const upTo = await store.togetherUpTo(look.dataset);
      const isBefore = upTo?.file === segment.file.id && from.offset < upTo.offset;
      return isBefore || isScattered(look, segment, batch);
    },
    async *take(look, over, { first, following }) {
      const { dataset } = look;
      look.isCostly = true;
      const lines = await store.sortedLines(dataset);
      const upTo = (await store.togetherUpTo(dataset))?.offset ?? 0;
      const known = await store.entriesKnown(dataset);
      const most = Math.min(Math.max(known, PART_LINES), MOST_PART_LINES);
      const rejected: RejectedLine[] = [];
      const isFull = () => lines.count() >= most || rejected.length >= MOST_REJECTED;
      let last = first;
      try {
        for (let batch: ReadBatch | undefined = first; batch !== undefined;) {
          last = batch;
          await lines.add(batch.entries);
          rejected.push(...batch.rejected);
          yield takenOf(batch);
          const isEnd: boolean = batch.unsettled || (isFull() && batch.checkpoint.offset >= upTo);
          batch = isEnd ? undefined : ((await following.next()).value ?? undefined);
        }
        const { checkpoint } = last;
        await store.putTogether(dataset, checkpoint);
        let distinct = 0;
        for await (const entries of lines.pages()) {
          distinct += entries.length;
          yield { ...NOTHING, ...(await accept(look, { entries, rejected: [], checkpoints: [] })) };
        }
        await accept(look, { entries: [], rejected, checkpoints: [...over.splice(0), checkpoint] });
        yield { ...NOTHING, superseded: lines.count() - distinct };
      } finally {
        await lines.end();
      }
      return last;
    },
  };
}
