import type { Settings } from "../../config/settings.ts";
import type { WasClockSet } from "../../lib/clock-jumps.ts";
import { isSameFile } from "../../manifest/files.ts";
import { fileIds, planReading, type ReadingPlan, type Segment } from "../../manifest/plan.ts";
import type { Checkpoint, RejectedLine } from "../../manifest/types.ts";
import { holdSamples } from "../../samples/directory.ts";
import type { IngestStore } from "../../store/ingest-store.ts";
import { createSeal } from "../sealing.ts";
import { isSettled, type Look, NOTHING, type Steps } from "./look.ts";
import { readOn } from "./read-on.ts";
import { accept, type Reading } from "./reading.ts";
import { rebuildDataset } from "./rebuild.ts";
import { rereadAll, skipToEnd } from "./reread.ts";
import { createTogether, type IsWanted } from "./together.ts";

/** Options of `createSteps`. */
export interface LookOptions {
  readonly store: IngestStore;
  readonly settings: Settings;
  /** Called with bad lines before the checkpoint moves past them. */
  readonly onRejected: (dataset: string, lines: readonly RejectedLine[]) => Promise<void>;
  /** Called with the number of receipts taken over so far, where the cache was lost. */
  readonly onRestored?: (dataset: string, receipts: number) => void;
  /**
   * Called with names that look like those of generations but are not regular files, when they are
   * first seen.
   */
  readonly onSkipped?: (dataset: string, names: readonly string[]) => void;
  readonly wasClockSet?: WasClockSet;
  /**
   * True when a batch is to be sorted first, with what follows it; decided by its raws where not
   * given.
   */
  readonly isScattered?: IsWanted;
}

/** The reason why everything is read where no doubt had to be seen twice. */
export const UNREAD = "nothing of it was read yet";

/** Creates the function that begins a look. */
export function createSteps(options: LookOptions): (look: Look) => Steps {
  const { store, settings, onRejected, onRestored = () => undefined } = options;
  const skipped = new Map<string, readonly string[]>();
  const together = createTogether({
    store,
    accept: (look, batch) => accept({ store, settings }, look, batch),
    isWanted: options.isScattered,
  });
  const seal = createSeal(settings.state);
  const reading = { store, settings, together, seal, onRejected, onRestored };

  return async function* (look) {
    const known = await store.checkpoints(look.dataset);
    const plan = await planReading(look.directory, known, look.now);
    noteSkipped(look, plan.skipped ?? []);
    look.found = plan.segments.map(({ file }) => file);
    // A look that has nothing to read is never half done.
    if (look.found.length > 0 || plan.doubt !== undefined)
      look.there = await fileIds(look.directory);
    return yield* follow(reading, look, { plan, known });
  };

  function noteSkipped({ dataset }: Look, names: readonly string[]): void {
    const before = skipped.get(dataset) ?? [];
    const fresh = names.filter((name) => !before.includes(name));
    if (fresh.length === 0) return;
    skipped.set(dataset, names);
    options.onSkipped?.(dataset, fresh);
  }
}

/** Reads what a plan says. */
async function* follow(
  reading: Reading,
  look: Look,
  { plan, known }: { readonly plan: ReadingPlan; readonly known: readonly Checkpoint[] },
): Steps {
  const { store, settings } = reading;
  const { settleMs } = settings.manifest;
  const { segments } = plan;
  const doubt = plan.doubt ?? (await doubtOfTogether(store, look, segments));
  if (doubt !== undefined) {
    if (isSettled(look, doubt, settleMs)) return yield* rereadAll(reading, look, doubt);
    return { unsettledUntil: look.now + settleMs };
  }
  for (const file of plan.forgotten) await store.removeCheckpoint(look.dataset, file);
  if (isUnread(known, segments) && (await store.hasEntries(look.dataset)))
    return yield* rereadAll(reading, look, UNREAD);
  if (plan.allRead !== undefined) return { allRead: plan.allRead };
  if (known.length > 0 || segments.length === 0)
    return yield* readOn(reading, look, { segments, known });
  return yield* firstSight(reading, look, segments);
}

/** Begins without a checkpoint: a new dataset, or one whose cache was lost. */
async function* firstSight(reading: Reading, look: Look, segments: readonly Segment[]): Steps {
  const { store, settings, onRestored } = reading;
  const { dataset } = look;
  look.isCostly = true;
  let restored = 0;
  using samples = holdSamples(look.held);
  for await (const receipts of rebuildDataset(store, { dataset, samples })) {
    restored += receipts;
    onRestored(dataset, restored);
    yield NOTHING;
  }
  if (await store.hasEntries(dataset))
    return { ...(yield* rereadAll(reading, look, "no checkpoint")), restored };
  if (settings.manifest.start === "end") return yield* skipToEnd(reading, look, segments);
  return yield* readOn(reading, look, { segments, known: [] });
}

/**
 * The reason why lines that were compared together before a crash cannot be so again; undefined if
 * they can.
 */
async function doubtOfTogether(
  store: IngestStore,
  { dataset, directory }: Look,
  segments: readonly Segment[],
): Promise<string | undefined> {
  const upTo = await store.togetherUpTo(dataset);
  if (upTo === undefined) return undefined;
  const file = segments.find((segment) => segment.file.id === upTo.file)?.file;
  const isThere = file !== undefined && (await isSameFile(directory, file, upTo));
  return isThere ? undefined : "lines of which some were compared are gone";
}

/**
 * True when a manifest of which the checkpoint knows nothing begins to have lines: it was empty, or
 * seemed to be. Its old lines must not undo newer ones that are known.
 */
function isUnread(known: readonly Checkpoint[], segments: readonly Segment[]): boolean {
  const knowsNothing = known.length === 1 && known[0]?.offset === 0;
  return knowsNothing && segments.some(({ file }) => file.size > 0);
}
