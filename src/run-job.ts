import { realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Settings } from "./settings.ts";
import { errorCode, errorMessage, Failure, NoSample } from "./errors.ts";
import { recognise } from "./formats/index.ts";
import { unknown } from "./formats/unknown.ts";
import { type Staged, stage } from "./samples/publish.ts";
import { bronzePath, type LocalFile, openLocalFile } from "./source.ts";
import type {
  Elsewhere,
  Failed,
  Handle,
  Job,
  Misnamed,
  Outcome,
  Recognised,
  SampleRequest,
} from "./types.ts";

/** Where a dataset lies; looked up once for each handle, when it is whole. */
interface Place {
  readonly directory: string;
  /** False while a directory that bronze files may be in is missing, such as a late mount. */
  readonly isWhole: boolean;
  /** Real paths of the directories bronze files may be in. */
  readonly roots: readonly string[];
}

/** Thrown inside to leave with an outcome that is neither a sample nor a failure. */
class Detour extends Error {
  readonly outcome: Misnamed | Elsewhere;

  constructor(outcome: Misnamed | Elsewhere) {
    super(outcome.outcome);
    this.outcome = outcome;
  }
}

/**
 * Makes the function that does one job where it is called: open, recognise, sample, publish. It
 * never throws: whatever happens becomes an outcome. In a thread it leaves alone what could end
 * the process.
 */
export function createHandle(settings: Settings, { isThread = false } = {}): Handle {
  const places = new Map<string, Place>();

  return async (job, stop) => {
    const started = performance.now();
    const clock = startClock(settings.forDataset(job.dataset).limits.seconds, stop);
    const work = { readBytes: 0 };
    let done: Promise<Outcome> | undefined;
    try {
      const place = places.get(job.dataset) ?? (await findPlace(settings, job.dataset));
      if (place.isWhole) places.set(job.dataset, place);
      done = runJob(job, { place, settings, isThread }, clock.signal, work);
      return await Promise.race([done, clock.rejected]);
    } catch (error) {
      // Work that is stopped ends with its next read, and cleans up behind itself.
      await done?.catch(() => undefined);
      if (stop.aborted) return { outcome: "abandoned" };
      if (error instanceof Detour) return error.outcome;
      return failed(error, job, settings, work.readBytes, performance.now() - started);
    } finally {
      clock.stop();
    }
  };
}

/** Where a job is done. */
interface Surroundings {
  readonly place: Place;
  readonly settings: Settings;
  readonly isThread: boolean;
}

async function runJob(
  job: Job,
  { place, settings, isThread }: Surroundings,
  signal: AbortSignal,
  work: { readBytes: number },
): Promise<Outcome> {
  const started = performance.now();
  const { limits, extensions } = settings.forDataset(job.dataset);
  const file = openLocalFile(bronzePath(place.directory, job.bronze), {
    roots: place.roots,
    name: basename(job.raw),
    readBytes: limits.readBytes,
    signal,
  });
  try {
    const request = { source: file, limits, signal, depth: 0, extensions, recognise };
    const target = join(place.directory, "samples", job.name);
    const found = await recognise(request);
    if (isThread && found.format.isDangerous === true) throw new Detour({ outcome: "elsewhere" });
    const staged = await stageSample(found, request, target, job);
    publish(staged, file, job, signal);
    return {
      outcome: "sampled",
      ...staged.summary,
      bytes: staged.bytes,
      readBytes: file.readBytes(),
      sourceSize: file.size,
      ms: performance.now() - started,
    };
  } finally {
    work.readBytes = file.readBytes();
    file.close();
  }
}

/** Samples by the file's own format; what has no sample there is described instead. */
async function stageSample(
  found: Recognised,
  request: SampleRequest,
  target: string,
  job: Job,
): Promise<Staged> {
  try {
    return await stageAs(found, request, target, job);
  } catch (error) {
    if (!(error instanceof NoSample)) throw error;
    return stageAs({ format: unknown, reason: error.reason }, request, target, job);
  }
}

async function stageAs(
  found: Recognised,
  request: SampleRequest,
  target: string,
  job: Job,
): Promise<Staged> {
  const extension = found.format.sampleExtension ?? null;
  const fits = job.extension === extension;
  // Whether a file has a sample after all that was only described so far, sampling has to tell.
  if (!fits && job.extension !== unknown.sampleExtension)
    throw new Detour({ outcome: "misnamed", extension });
  const staged = await stage(target, found.format.sample(request, found));
  if (!fits) {
    staged.discard();
    throw new Detour({ outcome: "misnamed", extension });
  }
  if (found.warning === undefined) return staged;
  const warnings = [found.warning, ...staged.summary.warnings];
  return { ...staged, summary: { ...staged.summary, warnings } };
}

/** Publishes only what was read from one and the same version of the file. */
function publish(staged: Staged, file: LocalFile, job: Job, signal: AbortSignal): void {
  try {
    if (!file.isUnchanged()) {
      throw new Failure("FILE_CHANGED", `${job.bronze} changed while it was read`);
    }
    signal.throwIfAborted();
    staged.commit();
  } catch (error) {
    staged.discard();
    throw error;
  }
}

async function findPlace(settings: Settings, dataset: string): Promise<Place> {
  const directory = join(settings.prefix, dataset);
  const roots = [settings.prefix, directory, ...settings.allowedRoots];
  const real = await Promise.all(roots.map((root) => realpath(root).catch(() => undefined)));
  const found = real.filter((root) => root !== undefined);
  await checkSamples(join(directory, "samples"), found);
  return { directory, roots: found, isWhole: found.length === roots.length };
}

/** Samples may be on another disk, but not where a link leads out of all allowed roots. */
async function checkSamples(samples: string, roots: readonly string[]): Promise<void> {
  const real = await realpath(samples).catch(() => undefined);
  if (real === undefined || roots.some((root) => real.startsWith(`${root}/`))) return;
  throw new Failure("OUTPUT_UNWRITABLE", `${samples} leads outside the prefix and allowedRoots`);
}

async function failed(
  error: unknown,
  job: Job,
  settings: Settings,
  readBytes: number,
  ms: number,
): Promise<Outcome> {
  const known = error instanceof Failure;
  const code = known ? error.code : "UNEXPECTED";
  const message = known ? error.message : ((error as Error).stack ?? errorMessage(error));
  const failure: Failed = { outcome: "failed", code, message, readBytes, ms };
  if (code === "OUTPUT_UNWRITABLE" && isNameAtFault(error, job)) {
    return { ...failure, code: "PATH_REFUSED" };
  }
  if (code === "OUTPUT_FULL" || code === "OUTPUT_UNWRITABLE") {
    return { outcome: "paused", code, message };
  }
  if (code === "FILE_MISSING" && (await isBronzeGone(settings, job))) {
    const directory = join(settings.prefix, job.dataset, "bronze");
    return { outcome: "paused", code, message: `${directory} is missing: is it mounted?` };
  }
  return failure;
}

/** True when this sample's name cannot be written; it must not hold up the rest of its dataset. */
function isNameAtFault(error: unknown, { name }: Job): boolean {
  const errno = errorCode((error as Failure).cause) ?? "";
  if (errno === "ENAMETOOLONG" || errno === "EISDIR") return true;
  // A raw's directory and another raw's sample can have one name when directories are mirrored.
  return name.includes("/") && (errno === "ENOTDIR" || errno === "EEXIST");
}

/** True when the whole bronze directory is missing, not just this file. */
async function isBronzeGone(settings: Settings, job: Job): Promise<boolean> {
  if (!job.bronze.startsWith("bronze/")) return false;
  const found = await stat(join(settings.prefix, job.dataset, "bronze")).catch(() => undefined);
  return found === undefined;
}

interface Clock {
  readonly signal: AbortSignal;
  /** Rejects when the time is over or the work is stopped from outside. */
  readonly rejected: Promise<never>;
  stop(): void;
}

function startClock(seconds: number, stop: AbortSignal): Clock {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const end = (reason: unknown) => {
    controller.abort(reason);
    reject(reason);
  };
  const onStop = () => end(stop.reason);
  const late = () => end(new Failure("TIMEOUT", `not done within limits.seconds (${seconds} s)`));
  const timer = setTimeout(late, seconds * 1000);
  if (stop.aborted) onStop();
  stop.addEventListener("abort", onStop);
  return {
    signal: controller.signal,
    rejected: promise,
    stop() {
      clearTimeout(timer);
      stop.removeEventListener("abort", onStop);
    },
  };
}
