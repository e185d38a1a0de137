import type { Settings } from "../../config/settings.ts";
import { Failure } from "../../errors.ts";
import { recognise } from "../../formats/index.ts";
import { sampleWith, summaryWith } from "../../formats/sample-with.ts";
import { unknown } from "../../formats/unknown.ts";
import { makePlace, type SamplePlace } from "../../samples/directory.ts";
import { type Staged, stage } from "../../samples/publish.ts";
import type { Job, Outcome } from "../../job.ts";
import type { Recognised, SampleRequest } from "../../formats/types.ts";
import { shownBronze } from "../../lib/bronze-url.ts";
import { type Bronze, openBronzeOf } from "./open-bronze.ts";
import type { OpenRemoteBronze } from "./remote-bronze.ts";
import type { Workplace } from "./workplace.ts";

/** Thrown inside, to leave when the sample needs another name. */
export class Rename extends Error {
  /** That name's extension, or null for the raw file's own. */
  readonly extension: string | null;

  constructor(extension: string | null) {
    super("misnamed");
    this.extension = extension;
  }
}

/** The surroundings of a job in its thread. */
export interface Surroundings {
  readonly settings: Settings;
  readonly workplace: Workplace;
  /** Memory for a file's first bytes, while it is open. */
  readonly memory: Buffer;
  readonly openRemote: OpenRemoteBronze;
  /** As in `SampleRequest`. */
  readonly alone: SampleRequest["alone"];
  /** Called where a temporary file cannot be removed. */
  readonly onLeft: () => void;
}

/** The reading that a job has done. */
export interface Work {
  readBytes: number;
  /** Of an object elsewhere. */
  requests?: number;
}

/**
 * Opens a bronze file, recognises it, samples it and publishes the sample. `work` counts the bytes
 * that were read, even when that fails.
 * @throws Failure; Rename; the signal's reason once it is aborted
 */
export async function sampleFile(
  job: Job,
  { settings, workplace, memory, openRemote, alone, onLeft }: Surroundings,
  signal: AbortSignal,
  work: Work,
): Promise<Outcome> {
  const started = performance.now();
  const { limits, extensions } = settings.forDataset(job.dataset);
  const file = await openBronzeOf(job, { workplace, limits, signal, memory, openRemote });
  try {
    const request = { source: file, limits, signal, depth: 0, extensions, alone, recognise };
    const found = await recognise(request);
    using place = makePlace(workplace.samples(), job.name);
    const staged = await sampleWith(found, (as) => stageAs(as, request, { place, job, onLeft }));
    publish(staged, file, job, signal);
    return {
      outcome: "sampled",
      ...staged.summary,
      warnings: [...staged.summary.warnings, ...(file.warnings?.() ?? [])],
      recognisedBy: found.by,
      bytes: staged.bytes,
      ...workOn(file),
      sourceSize: file.size ?? null,
      ms: performance.now() - started,
    };
  } finally {
    Object.assign(work, workOn(file));
    file.close();
  }
}

function workOn(file: Bronze): Work {
  const requests = file.requests?.();
  return { readBytes: file.readBytes(), ...(requests === undefined ? {} : { requests }) };
}

async function stageAs(
  found: Recognised,
  request: SampleRequest,
  { place, job, onLeft }: Pick<Surroundings, "onLeft"> & { place: SamplePlace; job: Job },
): Promise<Staged> {
  const extension = found.format.sampleExtension ?? null;
  const fits = job.extension === extension;
  // Whether a file has a sample after all that was only described so far, sampling has to tell.
  if (!fits && job.extension !== unknown.sampleExtension) throw new Rename(extension);
  const staged = await stage(place, found.format.sample(request, found), onLeft);
  if (!fits) {
    staged.discard();
    throw new Rename(extension);
  }
  return { ...staged, summary: summaryWith(found, staged.summary) };
}

/** Publishes a sample, if all of it was read from one version of the file. */
function publish(staged: Staged, file: Bronze, job: Job, signal: AbortSignal): void {
  try {
    if (!file.isUnchanged()) {
      throw new Failure("FILE_CHANGED", `${shownBronze(job.bronze)} changed while it was read`);
    }
    signal.throwIfAborted();
    staged.commit();
  } catch (error) {
    staged.discard();
    throw error;
  }
}
