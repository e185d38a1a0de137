import type { Accepted } from "../../store/ingest-store.ts";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { watchClock } from "../../lib/clock-jumps.ts";
import { errorCode, Failure } from "../../errors.ts";
import { systemMessage } from "../../lake/errors.ts";
import { isInPlace } from "../../lake/held-directory.ts";
import { createLake, type Lake } from "../../lake/lake.ts";
import { isSettled, type Look, NOTHING, type Sight, type Steps, type Taken } from "./look.ts";
import { holdManifests } from "../../manifest/directory.ts";
import type { ManifestFile } from "../../manifest/files.ts";
import { fileIds, planAll } from "../../manifest/plan.ts";
import { looksSame } from "../../manifest/unmoved.ts";
import { createSteps, type LookOptions } from "./steps.ts";
import { isStoreError } from "../../store/open.ts";
import { TurnLost } from "../../store/turns.ts";
import { MANIFESTS } from "../../lake/dataset.ts";

/** The result of one turn at a dataset's manifest. */
export interface Ingested extends Accepted {
  readonly lines: number;
  readonly rejected: number;
  /** True when lines are left for the next turn. */
  readonly isLeft?: boolean;
  /** Set when something has to be looked at again: the time for that, ms since epoch. */
  readonly unsettledUntil?: number;
  /** Set when the manifest was read again from 0: the reason. */
  readonly reread?: string;
  /** Set when a lost cache was rebuilt from receipts: their number. */
  readonly restored?: number;
  /** The manifest, where all of it had been read before. */
  readonly allRead?: ManifestFile;
}

/**
 * The end of a turn. Both functions are called between two steps, each a transaction of some
 * thousand lines.
 */
export interface Turn {
  /** True when the process is to end. */
  readonly isStopping?: () => boolean;
  /** True when others are to have their turn. */
  readonly isOver?: () => boolean;
}

/** Takes in what is new in the manifests of datasets. */
export interface Ingest {
  /**
   * Takes in the new lines of a dataset's manifest, or a part of them. `now` is ms since epoch.
   * @throws Failure MANIFEST_UNREADABLE; IngestStopped once `isStopping` returns true. Nothing is
   * lost then: the checkpoint stays where it was.
   */
  (dataset: string, now: number, turn?: Turn): Promise<Ingested>;
  /** Drops looks that are half done: they begin again, from the checkpoint. */
  close(): Promise<void>;
}

/** Thrown when ingest stops because the process is to end. */
export class IngestStopped extends Error {}

/** A look at a manifest that takes more than one turn. */
interface OpenLook {
  readonly look: Look;
  readonly steps: Steps;
}

/**
 * Looks that may be half done at a time; each has a file and directories open, and lines on disk.
 */
const MOST_OPEN = 4;

/** Creates the function. Between calls it remembers what was unsettled, and what is half done. */
export function createIngest(options: LookOptions): Ingest {
  const { store, settings, wasClockSet = watchClock() } = options;
  const lake = createLake(settings);
  const begun = createSteps(options);
  const { settleMs } = settings.manifest;
  const waiting = new Map<string, ReadonlyMap<string, number>>();
  /**
   * Times until which manifests that are read again are left alone; otherwise each look would begin
   * at 0.
   */
  const pauses = new Map<string, number>();
  const open = new Map<string, OpenLook>();
  /** Datasets for whose looks there was no room. */
  const crowdedOut = new Set<string>();

  return Object.assign(ingest, { close });

  async function ingest(dataset: string, now: number, turn: Turn = {}): Promise<Ingested> {
    // A clock set forward would make a moment of what has to be seen twice, and cut a line in two.
    if (wasClockSet()) waiting.clear();
    const pause = pauses.get(dataset);
    if (pause !== undefined && now < pause && now >= pause - settleMs) {
      return { ...NOTHING, unsettledUntil: pause };
    }
    const isCrowded = open.size >= MOST_OPEN && !open.has(dataset);
    if (isCrowded && crowdedOut.has(dataset)) return { ...NOTHING, isLeft: true };
    crowdedOut.delete(dataset);
    const earlier = await earlierLook(dataset);
    const isEarlier = earlier !== undefined;
    const sight = earlier?.look ?? sightOf(dataset, now);
    sight.now = now;
    let current = earlier;
    let isKept = false;
    try {
      await store.know(dataset);
      current ??= beginLook(lake, sight, begun);
      const ingested = await take(current, turn);
      if (ingested.isLeft !== true) {
        finish(current.look, ingested);
        const isLeft = isEarlier && (await hasMoved(current.look));
        return isLeft ? { ...ingested, isLeft } : ingested;
      }
      // What costs nothing to begin again goes on from its checkpoint.
      if (current.look.isCostly && isCrowded) crowdedOut.add(dataset);
      else isKept = current.look.isCostly;
      return ingested;
    } catch (error) {
      // A file that it found was renamed or replaced since: what is there now is looked at.
      if (isEarlier && errorCode(error) === "ENOENT") return { ...NOTHING, isLeft: true };
      return unseen(sight, error, { settings, waiting });
    } finally {
      if (isKept && current !== undefined) open.set(dataset, current);
      else if (current !== undefined) await end(current);
    }
  }

  /**
   * Returns the look that is half done. It ends where a file has come since: a file that the look
   * has not reached may have been copied and truncated, and has other lines now.
   */
  async function earlierLook(dataset: string): Promise<OpenLook | undefined> {
    const earlier = open.get(dataset);
    open.delete(dataset);
    if (earlier === undefined || (await isWhole(earlier.look))) return earlier;
    return void (await end(earlier));
  }

  function sightOf(dataset: string, now: number): Sight {
    return { dataset, now, since: waiting.get(dataset) ?? new Map(), doubts: new Map() };
  }

  function finish({ dataset, doubts }: Look, { reread, unsettledUntil }: Ingested): void {
    waiting.set(dataset, doubts);
    if (reread === undefined) return;
    if (unsettledUntil === undefined) pauses.delete(dataset);
    else pauses.set(dataset, unsettledUntil);
  }

  async function close(): Promise<void> {
    for (const look of open.values()) await end(look);
    open.clear();
  }
}

/**
 * Returns or throws what follows from a manifest that could not be looked at: gone for a moment, or
 * an error.
 */
function unseen(
  sight: Sight,
  error: unknown,
  {
    settings,
    waiting,
  }: Pick<LookOptions, "settings"> & {
    readonly waiting: Map<string, ReadonlyMap<string, number>>;
  },
): Ingested {
  const { settleMs } = settings.manifest;
  const isGone = error instanceof Failure && error.code === "FILE_MISSING";
  const reason = isGone ? error.cause : error;
  if (reason instanceof Failure || reason instanceof IngestStopped) throw reason;
  if (reason instanceof TurnLost || isStoreError(reason)) throw reason;
  const { dataset, doubts, now } = sight;
  const isNews = !isSettled(sight, "gone while it was looked at", settleMs);
  if (errorCode(reason) === "ENOENT" && isNews) {
    waiting.set(dataset, doubts);
    return { ...NOTHING, unsettledUntil: now + settleMs };
  }
  const path = join(settings.prefix, dataset, MANIFESTS);
  const message = `cannot read ${path}: ${systemMessage(reason)}`;
  throw new Failure("MANIFEST_UNREADABLE", message, { cause: reason });
}

/** Begins a look. @throws errno; Failure where the directories are not where they may be */
function beginLook(lake: Lake, sight: Sight, begun: (look: Look) => Steps): OpenLook {
  const held = lake.hold(sight.dataset);
  try {
    const directory = holdManifests(held);
    const state = { there: new Set<string>(), found: [], isCostly: false, isAtEnd: false };
    const look: Look = { ...sight, ...state, held, directory };
    return { look, steps: begun(look) };
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

/** Ends a look, half done or not, and lets its directories go. */
async function end({ look, steps }: OpenLook): Promise<void> {
  await steps.return({});
  look.directory[Symbol.dispose]();
  look.held[Symbol.dispose]();
}

/**
 * True when no file has come since a look began. False where that cannot be seen: the next look
 * reports why.
 */
async function isWhole({ directory, there }: Look): Promise<boolean> {
  try {
    const ids = await fileIds(directory);
    return isInPlace(directory) && [...ids].every((id) => there.has(id));
  } catch {
    return false;
  }
}

/** True when something may have come since a look began, of which it knows nothing. */
async function hasMoved({ directory, found }: Look): Promise<boolean> {
  const { segments } = await planAll(directory);
  return segments.some(({ file }) => !found.some((each) => looksSame(each, file)));
}

/** Continues a look until it comes to its end, or its turn does. */
async function take(
  { look, steps }: OpenLook,
  { isStopping = () => false, isOver = () => false }: Turn,
): Promise<Ingested> {
  for (let total = NOTHING; ;) {
    const step = await steps.next();
    if (step.done === true) return { ...total, ...step.value };
    total = sum(total, step.value);
    // Signals get a turn, and are heeded.
    await setImmediate();
    if (isStopping()) throw new IngestStopped("stopped between two steps");
    if (isOver() && !look.isAtEnd) return { ...total, isLeft: true };
  }
}

function sum(a: Taken, b: Taken): Taken {
  return {
    lines: a.lines + b.lines,
    rejected: a.rejected + b.rejected,
    due: a.due + b.due,
    unchanged: a.unchanged + b.unchanged,
    superseded: a.superseded + b.superseded,
  };
}
