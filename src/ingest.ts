import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { acceptOf, type Accepted, type Batch } from "./cache/accept.ts";
import { checkpointsOf } from "./cache/checkpoints.ts";
import { datasetsOf } from "./cache/datasets.ts";
import type { Db } from "./cache/open.ts";
import { rereadOf } from "./cache/reread.ts";
import { hasFilesOf } from "./cache/totals.ts";
import { type WasClockSet, watchClock } from "./clock.ts";
import type { Settings } from "./config/settings.ts";
import { errorCode, Failure, isSqliteError } from "./errors.ts";
import { systemMessage } from "./lake/errors.ts";
import type { HeldDirectory } from "./lake/held-directory.ts";
import { createLake, type HeldDataset } from "./lake/lake.ts";
import { foldsCase } from "./lake/folds-case.ts";
import { holdManifests } from "./manifest/directory.ts";
import { checkpointAfter, type ManifestFile } from "./manifest/files.ts";
import { isCompressed } from "./manifest/generations.ts";
import { planAll, planReading, type ReadingPlan, type Segment, startOf } from "./manifest/plan.ts";
import { type ReadBatch, readSegment } from "./manifest/read.ts";
import { expectedNames } from "./names.ts";
import { readingAsIs } from "./reading.ts";
import { restoreDataset } from "./restore.ts";
import { holdSamples } from "./samples/directory.ts";
import type { Checkpoint, RejectedLine } from "./types.ts";

/** What one look at a dataset's manifest brought. */
export interface Ingested extends Accepted {
  readonly lines: number;
  readonly rejected: number;
  /** Set when something has to be looked at again, then (ms since epoch). */
  readonly unsettledUntil?: number;
  /** Set when the manifest was read again from 0: why. */
  readonly reread?: string;
  /** Set when a lost cache got back what the receipts say: how many. */
  readonly restored?: number;
  /** The manifest, where all of it had been read before. */
  readonly allRead?: ManifestFile;
}

/** What ingest needs. */
export interface IngestOptions {
  readonly db: Db;
  readonly settings: Settings;
  /** Told of bad lines before the checkpoint moves past them. */
  readonly onRejected: (dataset: string, lines: readonly RejectedLine[]) => Promise<void>;
  /** Told how many receipts were taken over so far, where the cache was lost. */
  readonly onRestored?: (dataset: string, receipts: number) => void;
  /** Told the names of what looks like a generation and is no regular file, when first seen. */
  readonly onSkipped?: (dataset: string, names: readonly string[]) => void;
  readonly wasClockSet?: WasClockSet;
}

/**
 * Takes in what is new in a dataset's manifest. `now` is ms since epoch.
 * @throws Failure MANIFEST_UNREADABLE; IngestStopped between two batches once `isStopping` says so.
 * Nothing is lost then, the checkpoint stays where it was.
 */
export type Ingest = (
  dataset: string,
  now: number,
  isStopping?: () => boolean,
) => Promise<Ingested>;

/** Thrown when ingest is left because the process is to end. */
export class IngestStopped extends Error {}

/** One look at one manifest. */
interface Look {
  readonly dataset: string;
  readonly id: number;
  readonly held: HeldDataset;
  /** Its manifests. */
  readonly directory: HeldDirectory;
  readonly now: number;
  readonly isStopping: () => boolean;
  /** What has to be seen twice, and since when it is seen, ms since epoch. */
  readonly doubts: Map<string, number>;
}

/** Why all is read where no doubt had to be seen twice. */
export const UNREAD = "nothing of it was read yet";

const NOTHING: Ingested = { lines: 0, due: 0, unchanged: 0, superseded: 0, rejected: 0 };

/** Makes the function; it remembers between calls what was unsettled. */
export function createIngest(options: IngestOptions): Ingest {
  const { db, settings, onRejected, onRestored, wasClockSet = watchClock() } = options;
  const lake = createLake(settings);
  const acceptBatch = acceptOf(db);
  const checkpoints = checkpointsOf(db);
  const datasets = datasetsOf(db);
  const hasFiles = hasFilesOf(db);
  const { settleMs, start } = settings.manifest;
  const waiting = new Map<string, ReadonlyMap<string, number>>();
  /** Until when a manifest that is read again is left alone; it would be read from 0 each time. */
  const pauses = new Map<string, number>();
  const skipped = new Map<string, readonly string[]>();

  return async (dataset, now, isStopping = () => false) => {
    // A clock set forward would make a moment of what has to be seen twice, and cut a line in two.
    if (wasClockSet()) waiting.clear();
    const pause = pauses.get(dataset);
    if (pause !== undefined && now < pause && now >= pause - settleMs) {
      return { ...NOTHING, unsettledUntil: pause };
    }
    const id = datasets.ensure(dataset);
    const sight = { dataset, now, doubts: new Map<string, number>() };
    try {
      using held = lake.hold(dataset);
      using directory = holdManifests(held);
      const ingested = await ingest({ ...sight, id, held, directory, isStopping });
      waiting.set(dataset, sight.doubts);
      return ingested;
    } catch (error) {
      const isGone = error instanceof Failure && error.code === "FILE_MISSING";
      const reason = isGone ? error.cause : error;
      if (reason instanceof Failure || reason instanceof IngestStopped) throw reason;
      if (isSqliteError(reason)) throw reason;
      if (errorCode(reason) === "ENOENT" && !isSettled(sight, "gone while it was looked at")) {
        waiting.set(dataset, sight.doubts);
        return { ...NOTHING, unsettledUntil: now + settleMs };
      }
      const path = join(settings.prefix, dataset, "manifests");
      const message = `cannot read ${path}: ${systemMessage(reason)}`;
      throw new Failure("MANIFEST_UNREADABLE", message, { cause: reason });
    }
  };

  async function ingest(look: Look): Promise<Ingested> {
    const { id, directory, now } = look;
    const known = checkpoints.of(id);
    const plan = await planReading(directory, known, now);
    noteSkipped(look, plan.skipped ?? []);
    if (plan.doubt !== undefined) {
      if (isSettled(look, plan.doubt)) return rereadAll(look, plan.doubt);
      return { ...NOTHING, unsettledUntil: now + settleMs };
    }
    for (const file of plan.forgotten) checkpoints.remove(id, file);
    if (isUnread(known, plan) && hasFiles(id)) return rereadAll(look, UNREAD);
    if (plan.allRead !== undefined) return { ...NOTHING, allRead: plan.allRead };
    if (known.length > 0 || plan.segments.length === 0) return readOn(look, plan.segments, known);
    return firstSight(look, plan.segments);
  }

  /** No checkpoint: a new dataset, or one whose cache was lost. */
  async function firstSight(look: Look, segments: readonly Segment[]): Promise<Ingested> {
    using samples = holdSamples(look.held);
    const restored = await restoreDataset(db, {
      dataset: look.id,
      samples,
      isStopping: look.isStopping,
      onRestored: (receipts) => onRestored?.(look.dataset, receipts),
    });
    await goOn(look);
    if (hasFiles(look.id)) return { ...(await rereadAll(look, "no checkpoint")), restored };
    return start === "end" ? skipToEnd(look, segments) : readOn(look, segments, []);
  }

  /** Reads what follows the checkpoints; each batch is accepted with the checkpoint after it. */
  async function readOn(
    look: Look,
    segments: readonly Segment[],
    known: readonly Checkpoint[],
  ): Promise<Ingested> {
    let total = NOTHING;
    // They retire with the first line of what follows: a file of which nothing was read yet has no
    // bytes to be known again by. Where such a one is all that is known, it gives way at once.
    const unread = known.length === 1 ? known.find(({ offset }) => offset === 0) : undefined;
    const over: Checkpoint[] = unread === undefined ? [] : [{ ...unread, retiredAt: look.now }];
    for (const segment of segments) {
      const { file, retires } = segment;
      let last = known.find((each) => each.file === file.id && each.offset === segment.offset);
      last ??= startOf(segment);
      for await (const batch of read(look, segment)) {
        if (batch.checkpoint.offset > last.offset || !batch.unsettled) {
          const moved = [...over.splice(0), batch.checkpoint];
          total = sum(total, accept(look, { ...batch, checkpoints: moved }), batch);
        }
        if (batch.unsettled) return { ...total, unsettledUntil: look.now + settleMs };
        last = batch.checkpoint;
      }
      if (isCompressed(file)) {
        last = await endOf(look, segment, last);
        checkpoints.saveAll(look.id, [...over.splice(0), last]);
      }
      if (retires) over.push({ ...last, retiredAt: look.now });
    }
    look.doubts.clear();
    return total;
  }

  /** Reads everything from 0 and compares only the last line of each raw. */
  async function rereadAll(look: Look, why: string): Promise<Ingested> {
    const { segments } = await planAll(look.directory);
    if (segments.length === 0) return NOTHING;
    const reread = rereadOf(db, look.id);
    const ends: Checkpoint[] = [];
    let total = NOTHING;
    for (const segment of segments) {
      let last = startOf(segment);
      for await (const batch of read(look, segment)) {
        reread.add(batch.entries);
        const { rejected } = batch;
        total = sum(total, accept(look, { entries: [], rejected, checkpoints: [] }), batch);
        last = batch.checkpoint;
        // What is left for later can hold the last line of a raw: nothing is compared before.
        if (batch.unsettled) {
          pauses.set(look.dataset, look.now + settleMs);
          return { ...total, reread: why, unsettledUntil: look.now + settleMs };
        }
      }
      ends.push({ ...(await endOf(look, segment, last)), retiredAt: look.now });
    }
    for (const entries of reread.pages()) {
      await goOn(look);
      const batch = { entries, rejected: [], checkpoints: [] };
      total = sum(total, accept(look, batch), { entries: [], rejected: [] });
    }
    saveEnds(look, ends);
    look.doubts.clear();
    pauses.delete(look.dataset);
    return { ...total, reread: why };
  }

  /** Puts the checkpoint behind all that is there, for a lake with a long past. */
  async function skipToEnd(look: Look, segments: readonly Segment[]): Promise<Ingested> {
    const ends: Checkpoint[] = [];
    for (const segment of segments) {
      let last = startOf(segment);
      for await (const batch of readSegment(look.directory, segment, readingAsIs)) {
        leaveIfStopping(look);
        last = batch.checkpoint;
      }
      ends.push({ ...(await endOf(look, segment, last)), retiredAt: look.now });
    }
    saveEnds(look, ends);
    return NOTHING;
  }

  /** The last file of which something was read is the one to go on with. */
  function saveEnds({ id }: Look, ends: readonly Checkpoint[]): void {
    const last = Math.max(
      ends.findLastIndex(({ offset }) => offset > 0),
      0,
    );
    const current = { ...(ends[last] as Checkpoint), retiredAt: null };
    checkpoints.replace(id, [...ends.slice(0, last), current]);
  }

  function noteSkipped({ dataset }: Look, names: readonly string[]): void {
    const before = skipped.get(dataset) ?? [];
    const fresh = names.filter((name) => !before.includes(name));
    if (fresh.length === 0) return;
    skipped.set(dataset, names);
    options.onSkipped?.(dataset, fresh);
  }

  async function* read(look: Look, segment: Segment): AsyncGenerator<ReadBatch, void, void> {
    const settled = (offset: number) => isSettled(look, `${segment.file.id}@${offset}`);
    const reading = { ...readingAsIs, isSettled: settled };
    for await (const batch of readSegment(look.directory, segment, reading)) {
      leaveIfStopping(look);
      if (batch.rejected.length > 0) await onRejected(look.dataset, batch.rejected);
      yield batch;
    }
  }

  function accept(
    { dataset, id, now }: Look,
    batch: Pick<Batch, "entries" | "rejected" | "checkpoints">,
  ): Accepted {
    const options = settings.forDataset(dataset);
    const names = { ...options, foldsCase: foldsCase(join(settings.prefix, dataset)) };
    const expectedFor = (raw: string) => expectedNames(raw, names);
    return acceptBatch({ ...batch, dataset: id, expectedFor }, now);
  }

  /** True once the same thing was seen twice, `settleMs` apart. */
  function isSettled(
    { dataset, now, doubts }: Pick<Look, "dataset" | "now" | "doubts">,
    what: string,
  ): boolean {
    // A clock that was set back since would have us wait for as long as it was.
    const since = Math.min(waiting.get(dataset)?.get(what) ?? now, now);
    doubts.set(what, since);
    return now - since >= settleMs;
  }
}

/** Signals get a turn, and are heeded. @throws IngestStopped */
async function goOn(look: Look): Promise<void> {
  await setImmediate();
  leaveIfStopping(look);
}

function leaveIfStopping({ isStopping }: Look): void {
  if (isStopping()) throw new IngestStopped("stopped between two batches");
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

function sum(
  total: Ingested,
  accepted: Accepted,
  { entries, rejected }: Pick<ReadBatch, "entries" | "rejected">,
): Ingested {
  return {
    lines: total.lines + entries.length,
    rejected: total.rejected + rejected.length,
    due: total.due + accepted.due,
    unchanged: total.unchanged + accepted.unchanged,
    superseded: total.superseded + accepted.superseded,
  };
}
