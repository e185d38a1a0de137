import type { Accepted, Batch, IngestStore } from "../../store/ingest-store.ts";
import { join } from "node:path";
import type { Settings } from "../../config/settings.ts";
import { takenOf, isSettled, type Look, NOTHING, type Steps, type Taken } from "./look.ts";
import type { WasClockSet } from "../../lib/clock-jumps.ts";
import { foldsCase } from "../../lake/folds-case.ts";
import { checkpointAfter, isSameFile } from "../../manifest/files.ts";
import { isCompressed } from "../../manifest/generations.ts";
import {
  planAll,
  planReading,
  type ReadingPlan,
  type Segment,
  startOf,
} from "../../manifest/plan.ts";
import { type ReadBatch, readSegment } from "../../manifest/read.ts";
import { expectedNames } from "../job/sample-names.ts";
import { readingAsIs } from "../../manifest/reading-as-is.ts";
import { rebuildDataset } from "./rebuild.ts";
import { holdSamples } from "../../samples/directory.ts";
import { type IsWanted, createTogether } from "./sort-first.ts";
import type { Checkpoint, RejectedLine } from "../../manifest/types.ts";

/** Options of `stepsOf`. */
export interface LookOptions {
  readonly store: IngestStore;
  readonly settings: Settings;
  /** Told of bad lines before the checkpoint moves past them. */
  readonly onRejected: (dataset: string, lines: readonly RejectedLine[]) => Promise<void>;
  /** Told how many receipts were taken over so far, where the cache was lost. */
  readonly onRestored?: (dataset: string, receipts: number) => void;
  /** Told the names of what looks like a generation and is no regular file, when first seen. */
  readonly onSkipped?: (dataset: string, names: readonly string[]) => void;
  readonly wasClockSet?: WasClockSet;
  /** Whether a batch is to be sorted first, with what follows it; by its raws where not given. */
  readonly isScattered?: IsWanted;
}

/** Why all is read where no doubt had to be seen twice. */
export const UNREAD = "nothing of it was read yet";

/** Makes the function that begins a look. */
export function stepsOf(options: LookOptions): (look: Look) => Steps {
  const { store, settings, onRejected, onRestored } = options;
  const { settleMs, start } = settings.manifest;
  const skipped = new Map<string, readonly string[]>();
  const together = createTogether({ store, accept, isWanted: options.isScattered });

  return async function* (look) {
    const { dataset, directory, now } = look;
    const known = await store.checkpoints(dataset);
    const plan = await planReading(directory, known, now);
    noteSkipped(look, plan.skipped ?? []);
    look.found = plan.segments.map(({ file }) => file);
    const doubt = plan.doubt ?? (await doubtOfTogether(look, plan));
    if (doubt !== undefined) {
      if (isSettled(look, doubt, settleMs)) return yield* rereadAll(look, doubt);
      return { unsettledUntil: now + settleMs };
    }
    for (const file of plan.forgotten) await store.removeCheckpoint(dataset, file);
    if (isUnread(known, plan) && (await store.hasEntries(dataset)))
      return yield* rereadAll(look, UNREAD);
    if (plan.allRead !== undefined) return { allRead: plan.allRead };
    if (known.length > 0 || plan.segments.length === 0)
      return yield* readOn(look, plan.segments, known);
    return yield* firstSight(look, plan.segments);
  };

  /** Why lines that were compared together before a crash cannot be so again; undefined if they can. */
  async function doubtOfTogether(
    { dataset, directory }: Look,
    { segments }: ReadingPlan,
  ): Promise<string | undefined> {
    const upTo = await store.togetherUpTo(dataset);
    if (upTo === undefined) return undefined;
    const file = segments.find((segment) => segment.file.id === upTo.file)?.file;
    const isThere = file !== undefined && (await isSameFile(directory, file, upTo));
    return isThere ? undefined : "lines of which some were compared are gone";
  }

  /** No checkpoint: a new dataset, or one whose cache was lost. */
  async function* firstSight(look: Look, segments: readonly Segment[]): Steps {
    look.isCostly = true;
    let restored = 0;
    using samples = holdSamples(look.held);
    for await (const receipts of rebuildDataset(store, { dataset: look.dataset, samples })) {
      restored += receipts;
      onRestored?.(look.dataset, restored);
      yield NOTHING;
    }
    if (await store.hasEntries(look.dataset))
      return { ...(yield* rereadAll(look, "no checkpoint")), restored };
    if (start === "end") return yield* skipToEnd(look, segments);
    return yield* readOn(look, segments, []);
  }

  /** Reads what follows the checkpoints; each batch is accepted with the checkpoint after it. */
  async function* readOn(
    look: Look,
    segments: readonly Segment[],
    known: readonly Checkpoint[],
  ): Steps {
    // They retire with the first line of what follows: a file of which nothing was read yet has no
    // bytes to be known again by. Where such a one is all that is known, it gives way at once.
    const unread = known.length === 1 ? known.find(({ offset }) => offset === 0) : undefined;
    const over: Checkpoint[] = unread === undefined ? [] : [{ ...unread, retiredAt: look.now }];
    for (const segment of segments) {
      const { file, retires } = segment;
      let last = known.find((each) => each.file === file.id && each.offset === segment.offset);
      last ??= startOf(segment);
      const batches = read(look, segment);
      for await (const first of batches) {
        // Half of a compressed file is no place to go on from.
        look.isCostly = isCompressed(file);
        const isLast = segment === segments.at(-1) && !isCompressed(file);
        look.isAtEnd = isLast && first.checkpoint.offset >= file.size;
        let batch = first;
        if (batch.checkpoint.offset > last.offset || !batch.unsettled) {
          if (await together.isWanted(look, segment, { from: last, batch }))
            batch = yield* together.take(look, over, { first, following: batches });
          else yield await takeOne(look, over, batch);
        }
        if (batch.unsettled) return { unsettledUntil: look.now + settleMs };
        last = batch.checkpoint;
      }
      if (isCompressed(file)) {
        last = await endOf(look, segment, last);
        await store.saveCheckpoints(look.dataset, [...over.splice(0), last]);
      }
      if (retires) over.push({ ...last, retiredAt: look.now });
    }
    look.doubts.clear();
    return {};
  }

  async function takeOne(look: Look, over: Checkpoint[], batch: ReadBatch): Promise<Taken> {
    const { entries, rejected, checkpoint } = batch;
    const checkpoints = [...over.splice(0), checkpoint];
    return { ...takenOf(batch), ...(await accept(look, { entries, rejected, checkpoints })) };
  }

  /** Reads everything from 0 and compares only the last line of each raw. */
  async function* rereadAll(look: Look, reread: string): Steps {
    const { segments } = await planAll(look.directory);
    if (segments.length === 0) return {};
    look.found = segments.map(({ file }) => file);
    look.isCostly = true;
    await store.forgetRejected(look.dataset);
    const lines = await store.sortedLines(look.dataset);
    try {
      const ends: Checkpoint[] = [];
      for (const segment of segments) {
        let last = startOf(segment);
        for await (const batch of read(look, segment)) {
          await lines.add(batch.entries);
          const { rejected } = batch;
          await accept(look, { entries: [], rejected, checkpoints: [] });
          yield takenOf(batch);
          last = batch.checkpoint;
          // What is left for later can hold the last line of a raw: nothing is compared before.
          if (batch.unsettled) return { reread, unsettledUntil: look.now + settleMs };
        }
        ends.push({ ...(await endOf(look, segment, last)), retiredAt: look.now });
      }
      for await (const entries of lines.pages())
        yield { ...NOTHING, ...(await accept(look, { entries, rejected: [], checkpoints: [] })) };
      await store.endRejected(look.dataset);
      await saveEnds(look, ends);
    } finally {
      await lines.end();
    }
    look.doubts.clear();
    return { reread };
  }

  /** Puts the checkpoint behind all that is there, for a lake with a long past. */
  async function* skipToEnd(look: Look, segments: readonly Segment[]): Steps {
    const ends: Checkpoint[] = [];
    for (const segment of segments) {
      let last = startOf(segment);
      for await (const batch of readSegment(look.directory, segment, readingAsIs)) {
        yield NOTHING;
        last = batch.checkpoint;
      }
      ends.push({ ...(await endOf(look, segment, last)), retiredAt: look.now });
    }
    await saveEnds(look, ends);
    return {};
  }

  /** The last file of which something was read is the one to go on with. */
  async function saveEnds({ dataset }: Look, ends: readonly Checkpoint[]): Promise<void> {
    const last = Math.max(
      ends.findLastIndex(({ offset }) => offset > 0),
      0,
    );
    const current = { ...(ends[last] as Checkpoint), retiredAt: null };
    await store.replaceCheckpoints(dataset, [...ends.slice(0, last), current]);
  }

  function noteSkipped({ dataset }: Look, names: readonly string[]): void {
    const before = skipped.get(dataset) ?? [];
    const fresh = names.filter((name) => !before.includes(name));
    if (fresh.length === 0) return;
    skipped.set(dataset, names);
    options.onSkipped?.(dataset, fresh);
  }

  async function* read(look: Look, segment: Segment): AsyncGenerator<ReadBatch, void, void> {
    const settled = (offset: number) => isSettled(look, `${segment.file.id}@${offset}`, settleMs);
    const reading = { ...readingAsIs, isSettled: settled };
    for await (const batch of readSegment(look.directory, segment, reading)) {
      if (batch.rejected.length > 0) await onRejected(look.dataset, batch.rejected);
      yield batch;
    }
  }

  function accept(
    { dataset, now }: Look,
    batch: Pick<Batch, "entries" | "rejected" | "checkpoints">,
  ): Promise<Accepted> {
    const options = settings.forDataset(dataset);
    const names = { ...options, foldsCase: foldsCase(join(settings.prefix, dataset)) };
    const expectedFor = (raw: string) => expectedNames(raw, names);
    return store.accept({ ...batch, dataset, expectedFor }, now);
  }
}

/**
 * Whether a manifest of which the checkpoint knows nothing begins to have lines: what was empty, or
 * seemed to be. Its old lines must not undo newer ones that are known.
 */
function isUnread(known: readonly Checkpoint[], { segments }: ReadingPlan): boolean {
  const knowsNothing = known.length === 1 && known[0]?.offset === 0;
  return knowsNothing && segments.some(({ file }) => file.size > 0);
}

/** A compressed file was read whole, and is known by its compressed bytes from then on. */
async function endOf(look: Look, { file }: Segment, last: Checkpoint): Promise<Checkpoint> {
  return isCompressed(file) ? checkpointAfter(look.directory, file) : last;
}
