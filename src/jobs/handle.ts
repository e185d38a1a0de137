import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import type { Failed, Handle, Job, Outcome } from "../types.ts";
import { startClock } from "./clock.ts";
import { findPlace, isBronzeGone, type Place } from "./place.ts";
import { Rename, sampleFile } from "./sample-file.ts";

/**
 * Makes the function that does one job where it is called: open, recognise, sample, publish. It
 * never throws: whatever happens becomes an outcome.
 */
export function createHandle(settings: Settings): Handle {
  const places = new Map<string, Place>();

  return async (job, stop) => {
    const started = performance.now();
    const clock = startClock(settings.forDataset(job.dataset).limits.seconds, stop);
    const work = { readBytes: 0 };
    let done: Promise<Outcome> | undefined;
    try {
      const place = places.get(job.dataset) ?? (await findPlace(settings, job.dataset));
      if (place.isWhole) places.set(job.dataset, place);
      done = sampleFile(job, { place, settings }, clock.signal, work);
      return await Promise.race([done, clock.rejected]);
    } catch (error) {
      // Work that is stopped ends with its next read, and cleans up behind itself.
      await done?.catch(() => undefined);
      if (stop.aborted) return { outcome: "abandoned" };
      if (error instanceof Rename) return error.outcome;
      return failed(error, job, settings, work.readBytes, performance.now() - started);
    } finally {
      clock.stop();
    }
  };
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
