import { planAll, type Segment, startOf } from "../../manifest/plan.ts";
import { readSegment } from "../../manifest/read.ts";
import { readingAsIs } from "../../manifest/reading-as-is.ts";
import type { Checkpoint } from "../../manifest/types.ts";
import { type Look, NOTHING, type Steps, takenOf } from "./look.ts";
import { accept, endOf, readBatches, type Reading } from "./reading.ts";

/** Reads everything from 0 and compares only the last line of each raw; `why` is reported. */
export async function* rereadAll(reading: Reading, look: Look, why: string): Steps {
  const { store, settings } = reading;
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
      for await (const batch of readBatches(reading, look, segment)) {
        await lines.add(batch.entries);
        const { rejected } = batch;
        await accept(reading, look, { entries: [], rejected, checkpoints: [] });
        yield takenOf(batch);
        last = batch.checkpoint;
        // What is left for later can hold the last line of a raw: nothing is compared before.
        if (batch.unsettled)
          return { reread: why, unsettledUntil: look.now + settings.manifest.settleMs };
      }
      ends.push({ ...(await endOf(look, segment, last)), retiredAt: look.now });
    }
    for await (const entries of lines.pages()) {
      const accepted = await accept(reading, look, { entries, rejected: [], checkpoints: [] });
      yield { ...NOTHING, ...accepted };
    }
    await store.endRejected(look.dataset);
    await saveEnds(reading, look, ends);
  } finally {
    await lines.end();
  }
  look.doubts.clear();
  return { reread: why };
}

/** Puts the checkpoint behind everything that is there, for a lake with a long past. */
export async function* skipToEnd(
  reading: Reading,
  look: Look,
  segments: readonly Segment[],
): Steps {
  const ends: Checkpoint[] = [];
  for (const segment of segments) {
    let last = startOf(segment);
    for await (const batch of readSegment(look.directory, segment, readingAsIs)) {
      yield NOTHING;
      last = batch.checkpoint;
    }
    ends.push({ ...(await endOf(look, segment, last)), retiredAt: look.now });
  }
  await saveEnds(reading, look, ends);
  return {};
}

/** Saves the ends of files. Reading continues with the last file of which something was read. */
async function saveEnds(
  { store }: Reading,
  { dataset }: Look,
  ends: readonly Checkpoint[],
): Promise<void> {
  const read = ends.findLastIndex(({ offset }) => offset > 0);
  const last = Math.max(read, 0);
  const current = { ...(ends[last] as Checkpoint), retiredAt: null };
  await store.replaceCheckpoints(dataset, [...ends.slice(0, last), current]);
}
