import type { Confirmed, Job } from "../../job.ts";
import { lookAtSample } from "../../samples/verify.ts";
import { openBronzeOf } from "./open-bronze.ts";
import type { Surroundings, Work } from "./sample-file.ts";

/**
 * Confirms a sample that was taken of the raw file, where the bronze file has the raw file's size,
 * without reading it; undefined where bronze has to be sampled. `work` counts as in `sampleFile`.
 * @throws Failure, as `openBronzeOf`
 */
export async function confirmFile(
  job: Job,
  { settings, workplace, memory, openRemote }: Surroundings,
  signal: AbortSignal,
  work: Work,
): Promise<Confirmed | undefined> {
  const { confirms, name } = job;
  if (confirms === undefined) return undefined;
  const started = performance.now();
  const { limits } = settings.forDataset(job.dataset);
  const opening = { workplace, limits, signal, memory: memory.head, openRemote };
  const file = await openBronzeOf(job, opening);
  try {
    const requests = file.requests?.();
    Object.assign(work, {
      readBytes: file.readBytes(),
      ...(requests === undefined ? {} : { requests }),
    });
    if (file.size !== confirms.sourceSize) return undefined;
    const sample = lookAtSample(workplace.samples(), name, { bytes: confirms.bytes, after: 0 });
    if (sample !== "whole") return undefined;
    return { outcome: "confirmed", ...work, ms: performance.now() - started };
  } finally {
    file.close();
  }
}
