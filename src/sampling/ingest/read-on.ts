import { isCompressed } from "../../manifest/generations.ts";
import { type Segment, startOf } from "../../manifest/plan.ts";
import type { ReadBatch } from "../../manifest/read.ts";
import type { Checkpoint } from "../../manifest/types.ts";
import { type Look, type Steps, type Taken, takenOf } from "./look.ts";
import { accept, endOf, readBatches, type Reading } from "./reading.ts";

/** Reads what follows the checkpoints; each batch is accepted with the checkpoint after it. */
export async function* readOn(
  reading: Reading,
  look: Look,
  {
    segments,
    known,
  }: { readonly segments: readonly Segment[]; readonly known: readonly Checkpoint[] },
): Steps {
  const { store, together, settings } = reading;
  // Checkpoints of finished files, which retire together with the next batch. A file of which nothing
  // was read yet cannot be recognised later by its bytes: its checkpoint retires at once.
  const unread = known.length === 1 ? known.find(({ offset }) => offset === 0) : undefined;
  const over: Checkpoint[] = unread === undefined ? [] : [{ ...unread, retiredAt: look.now }];
  for (const segment of segments) {
    const { file, retires } = segment;
    let last = known.find((each) => each.file === file.id && each.offset === segment.offset);
    last ??= startOf(segment);
    const batches = readBatches(reading, look, segment);
    for await (const first of batches) {
      // Half of a compressed file is no place to go on from.
      look.isCostly = isCompressed(file);
      const isLast = segment === segments.at(-1) && !isCompressed(file);
      look.isAtEnd = isLast && first.checkpoint.offset >= file.size;
      let batch = first;
      if (batch.checkpoint.offset > last.offset || !batch.unsettled) {
        if (await together.isWanted(look, segment, { from: last, batch }))
          batch = yield* together.take(look, over, { first, following: batches });
        else yield await takeOne(reading, look, { over, batch });
      }
      if (batch.unsettled) return { unsettledUntil: look.now + settings.manifest.settleMs };
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

async function takeOne(
  reading: Reading,
  look: Look,
  { over, batch }: { readonly over: Checkpoint[]; readonly batch: ReadBatch },
): Promise<Taken> {
  const { entries, rejected, checkpoint } = batch;
  const checkpoints = [...over.splice(0), checkpoint];
  const accepted = await accept(reading, look, { entries, rejected, checkpoints });
  return { ...takenOf(batch), ...accepted };
}
