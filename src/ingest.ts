import { join } from "node:path";
import { acceptOf, type Accepted } from "./cache/accept.ts";
import { checkpointsOf } from "./cache/checkpoints.ts";
import { datasetsOf } from "./cache/datasets.ts";
import type { Db } from "./cache/open.ts";
import { rereadOf } from "./cache/reread.ts";
import { hasFilesOf } from "./cache/totals.ts";
import type { Settings } from "./config/settings.ts";
import { errorCode, errorMessage, Failure } from "./errors.ts";
import { checkpointAfter, isCompressed, type ManifestFile } from "./manifest/files.ts";
import { planAll, planReading, type Segment, startOf } from "./manifest/plan.ts";
import { type ReadBatch, readSegment } from "./manifest/read.ts";
import { expectedNames } from "./names.ts";
import { restoreDataset } from "./restore.ts";
import type { Checkpoint, Entry, RejectedLine } from "./types.ts";

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
}

/** What ingest needs. */
export interface IngestOptions {
  readonly db: Db;
  readonly settings: Settings;
  /** Told of bad lines before the checkpoint moves past them. */
  readonly onRejected: (dataset: string, lines: readonly RejectedLine[]) => Promise<void>;
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
  readonly directory: string;
  readonly now: number;
  readonly isStopping: () => boolean;
}

const NOTHING: Ingested = { lines: 0, due: 0, unchanged: 0, superseded: 0, rejected: 0 };

/** Makes the function; it remembers between calls what was unsettled. */
export function createIngest({ db, settings, onRejected }: IngestOptions): Ingest {
  const acceptBatch = acceptOf(db);
  const checkpoints = checkpointsOf(db);
  const datasets = datasetsOf(db);
  const hasFiles = hasFilesOf(db);
  const { settleMs, start } = settings.manifest;
  const waiting = new Map<string, { readonly what: string; readonly since: number }>();

  return async (dataset, now, isStopping = () => false) => {
    const directory = join(settings.prefix, dataset, "manifests");
    try {
      const id = datasets.ensure(dataset);
      return await ingest({ dataset, id, directory, now, isStopping });
    } catch (error) {
      if (error instanceof Failure || error instanceof IngestStopped) throw error;
      if (errorCode(error)?.startsWith("SQLITE_") === true) throw error;
      const message = `cannot read ${directory}: ${errorMessage(error)}`;
      throw new Failure("MANIFEST_UNREADABLE", message, { cause: error });
    }
  };

  async function ingest(look: Look): Promise<Ingested> {
    const { id, directory, now } = look;
    const known = checkpoints.of(id);
    const plan = await planReading(directory, known, now);
    if (plan.doubt !== undefined) {
      if (isSettled(look, plan.doubt)) return rereadAll(look, plan.doubt);
      return { ...NOTHING, unsettledUntil: now + settleMs };
    }
    for (const file of plan.forgotten) checkpoints.remove(id, file);
    if (known.length > 0 || plan.segments.length === 0) return readOn(look, plan.segments, known);
    return firstSight(look, plan.segments);
  }

  /** No checkpoint: a new dataset, or one whose cache was lost. */
  async function firstSight(look: Look, segments: readonly Segment[]): Promise<Ingested> {
    const restored = await restoreDataset(db, look.id, join(look.directory, "../samples"));
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
    for (const [i, segment] of segments.entries()) {
      let last = known.find(({ file }) => file === segment.file.id) ?? startOf(segment);
      for await (const batch of read(look, segment)) {
        last = batch.checkpoint;
        total = sum(total, accept(look, batch.entries, batch), batch);
        if (batch.unsettled) return { ...total, unsettledUntil: look.now + settleMs };
      }
      const next = segments[i + 1];
      if (next === undefined) await markRead(look, segment.file);
      else if (segment.retires) {
        checkpoints.saveAll(look.id, [{ ...last, retiredAt: look.now }, startOf(next)]);
      }
    }
    waiting.delete(look.dataset);
    return total;
  }

  /** Reads everything from 0 and compares only the last line of each raw. */
  async function rereadAll(look: Look, why: string): Promise<Ingested> {
    const { segments } = await planAll(look.directory);
    if (segments.length === 0) return NOTHING;
    const reread = rereadOf(db, look.id);
    const ends: Checkpoint[] = [];
    let total = NOTHING;
    let unsettled = false;
    for (const segment of segments) {
      let last = startOf(segment);
      for await (const batch of read(look, segment)) {
        reread.add(batch.entries);
        total = sum(total, accept(look, [], { rejected: batch.rejected }), batch);
        last = batch.checkpoint;
        unsettled ||= batch.unsettled;
      }
      ends.push({ ...last, retiredAt: segment === segments.at(-1) ? null : look.now });
    }
    for (const entries of reread.pages()) {
      total = sum(total, accept(look, entries, { rejected: [] }), { entries: [], rejected: [] });
    }
    await saveEnds(look, segments, ends);
    if (unsettled) return { ...total, reread: why, unsettledUntil: look.now + settleMs };
    waiting.delete(look.dataset);
    return { ...total, reread: why };
  }

  /** Puts the checkpoint behind all that is there, for a lake with a long past. */
  async function skipToEnd(look: Look, segments: readonly Segment[]): Promise<Ingested> {
    const ends: Checkpoint[] = [];
    for (const segment of segments) {
      let last = startOf(segment);
      for await (const batch of readSegment(look.directory, segment, () => true)) {
        last = batch.checkpoint;
      }
      ends.push({ ...last, retiredAt: segment === segments.at(-1) ? null : look.now });
    }
    await saveEnds(look, segments, ends);
    return NOTHING;
  }

  /** The last file is the one to go on with, also while it is renamed and no new one is there. */
  async function saveEnds(
    look: Look,
    segments: readonly Segment[],
    ends: readonly Checkpoint[],
  ): Promise<void> {
    checkpoints.replace(
      look.id,
      ends.filter((_, i) => !isCompressed((segments[i] as Segment).file)),
    );
    await markRead(look, (segments.at(-1) as Segment).file);
  }

  /** Where only a compressed file is left, it is remembered as read. */
  async function markRead(look: Look, file: ManifestFile): Promise<void> {
    if (isCompressed(file)) checkpoints.save(look.id, await checkpointAfter(look.directory, file));
  }

  async function* read(look: Look, segment: Segment): AsyncGenerator<ReadBatch, void, void> {
    const settled = (offset: number) => isSettled(look, `${segment.file.id}@${offset}`);
    for await (const batch of readSegment(look.directory, segment, settled)) {
      if (look.isStopping()) throw new IngestStopped("stopped between two batches");
      if (batch.rejected.length > 0) await onRejected(look.dataset, batch.rejected);
      yield batch;
    }
  }

  function accept(
    { dataset, id, now }: Look,
    entries: readonly Entry[],
    rest: { readonly rejected: readonly RejectedLine[]; readonly checkpoint?: Checkpoint },
  ): Accepted {
    const names = settings.forDataset(dataset);
    const namesFor = (raw: string) => expectedNames(raw, names);
    const { rejected, checkpoint } = rest;
    const batch = { dataset: id, entries, rejected, namesFor };
    return acceptBatch(checkpoint === undefined ? batch : { ...batch, checkpoint }, now);
  }

  /** True once the same thing was seen twice, `settleMs` apart. */
  function isSettled({ dataset, now }: Look, what: string): boolean {
    const seen = waiting.get(dataset);
    if (seen?.what === what) return now - seen.since >= settleMs;
    waiting.set(dataset, { what, since: now });
    return settleMs === 0;
  }
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
