import { type Dirent, opendirSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname } from "node:path";
import { errorCode, Failure } from "../errors.ts";
import { nameFailure, outputFailure } from "../lake/errors.ts";
import {
  closeFile,
  createFile,
  entryPath,
  type HeldDirectory,
  holdBeneath,
  holdThrough,
  isInPlace,
  makeBeneath,
  realPath,
  unlessLinked,
} from "../lake/held-directory.ts";
import type { HeldDataset, Lake } from "../lake/lake.ts";
import { isRemote } from "../lake/remote.ts";
import { isAbsence, whyNotForSamples } from "../lake/roots.ts";
import { isReceipts, isRecords, isSamplePath, type RecordKind } from "./path.ts";
import { temporaryName } from "./temporary-name.ts";
import { PRODUCTION, SAMPLES } from "../lake/dataset.ts";

/** The receipts, below `samples/`. They mark a directory as ours. */
const RECEIPTS = "_receipts.jsonl";

/**
 * Holds a dataset's samples to read; undefined where there are none. They may be on another disk,
 * but a link must not lead out of all roots, to directories that production writes, or among
 * another dataset's.
 * @throws Failure OUTPUT_UNWRITABLE
 */
export function holdSamples(dataset: HeldDataset): HeldDirectory | undefined {
  const { directory } = dataset;
  try {
    return unlessLinked(() => holdBeneath(directory, SAMPLES)) ?? holdJudged(dataset);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw outputFailure(error, `${directory.path}/${SAMPLES}`);
  }
}

/**
 * Holds a dataset's samples to change something in them; undefined where there are none.
 * @throws Failure OUTPUT_UNWRITABLE, also where the directory does not look like ours
 */
export function holdOwnSamples(lake: Lake, dataset: HeldDataset): HeldDirectory | undefined {
  const samples = holdSamples(dataset);
  if (samples === undefined) return undefined;
  try {
    checkOwn(lake, dataset, samples);
    return samples;
  } catch (error) {
    samples[Symbol.dispose]();
    throw outputFailure(error, samples.path);
  }
}

/** The same; makes the directory where it is missing. @throws Failure OUTPUT_FULL too */
export function makeSamples(lake: Lake, dataset: HeldDataset): HeldDirectory {
  const found = holdOwnSamples(lake, dataset);
  if (found !== undefined) return found;
  try {
    makeBeneath(dataset.directory, SAMPLES)[Symbol.dispose]();
  } catch (error) {
    throw outputFailure(error, `${dataset.directory.path}/${SAMPLES}`);
  }
  return holdOwnSamples(lake, dataset) ?? makeSamples(lake, dataset);
}

/**
 * The file that this host appends records of a kind to. On a shared file system each host has its own:
 * appending is not atomic there, and a torn end must not be cut while another host still writes.
 */
export function ownRecords(samples: HeldDirectory, kind: RecordKind): string {
  if (!isRemote(entryPath(samples))) return `_${kind}.jsonl`;
  return `_${kind}-${hostname().replace(/[^\w-]/g, "_")}.jsonl`;
}

/**
 * Checks that a directory is still where it was found, before something in it is changed.
 * @throws Failure OUTPUT_UNWRITABLE
 */
export function checkInPlace(directory: HeldDirectory): void {
  const { path } = directory;
  try {
    if (isInPlace(directory)) return;
  } catch (error) {
    throw outputFailure(error, path);
  }
  const message = `${path} was moved or replaced during the work; it is looked at again with the next pass`;
  throw new Failure("OUTPUT_UNWRITABLE", message);
}

/** The place of one sample: its directory, held, and its name in it. */
export interface SamplePlace extends Disposable {
  readonly folder: HeldDirectory;
  readonly file: string;
}

/**
 * Holds the directory of a sample, which with the mirror layout is one below `samples`; `name` is
 * the sample's path there. Undefined where that directory is missing.
 * @throws Failure PATH_REFUSED where a link leads to it; OUTPUT_UNWRITABLE
 */
export function findPlace(samples: HeldDirectory, name: string): SamplePlace | undefined {
  return placeOf(samples, name, (path) => {
    try {
      return holdBeneath(samples, path);
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw error;
    }
  });
}

/** The same; makes directories that are missing. @throws Failure as `findPlace`; OUTPUT_FULL */
export function makePlace(samples: HeldDirectory, name: string): SamplePlace {
  const place = placeOf(samples, name, (path) => makeBeneath(samples, path));
  return place as SamplePlace;
}

function placeOf(
  samples: HeldDirectory,
  name: string,
  hold: (path: string) => HeldDirectory | undefined,
): SamplePlace | undefined {
  if (!name.includes("/"))
    return { folder: samples, file: name, [Symbol.dispose]: () => undefined };
  const path = dirname(name);
  try {
    const folder = hold(path);
    if (folder === undefined) return undefined;
    return { folder, file: basename(name), [Symbol.dispose]: folder[Symbol.dispose] };
  } catch (error) {
    if (errorCode(error) !== "ELOOP") throw nameFailure(error, `${samples.path}/${path}`);
    throw new Failure("PATH_REFUSED", `${samples.path}/${path}: a link is not followed there`);
  }
}

/**
 * Holds the directory that a link leads to, and judges it.
 * @throws errno; Failure OUTPUT_UNWRITABLE
 */
function holdJudged({ directory, real, roots }: HeldDataset): HeldDirectory {
  const samples = holdThrough(directory, SAMPLES);
  try {
    const place = realPath(samples);
    const why = whyNotForSamples(place, real, roots);
    if (why === undefined) return samples;
    const outside = roots.unknown ?? "leads outside the prefix and allowedRoots";
    const reason = why === "outside" ? outside : `leads to ${place}, where others write`;
    throw new Failure("OUTPUT_UNWRITABLE", `${samples.path}: ${reason}`);
  } catch (error) {
    samples[Symbol.dispose]();
    throw error;
  }
}

/**
 * Checks that a directory is ours. It is judged once, and stays ours as long as it is the same one.
 */
function checkOwn(lake: Lake, dataset: HeldDataset, samples: HeldDirectory): void {
  const identity = samples.identity();
  if (lake.ownSamples.get(dataset.name) === identity) return;
  if (!judgeOwn(dataset, samples)) mark(samples);
  lake.ownSamples.set(dataset.name, identity);
}

/**
 * Judges whether a directory is one of samples: it may have been exchanged for one of production's.
 * A directory of ours has receipts, or nothing but samples. Returns true when there are receipts.
 * @throws Failure OUTPUT_UNWRITABLE; errno
 */
export function judgeOwn({ directory }: HeldDataset, samples: HeldDirectory): boolean {
  const identity = samples.identity();
  // A bind mount can make one of them be `samples` too.
  const twin = PRODUCTION.find((folder) => identityIn(directory, folder) === identity);
  if (twin !== undefined) {
    const message = `${samples.path} is ${twin} as well: is it mounted twice?`;
    throw new Failure("OUTPUT_UNWRITABLE", message);
  }
  const { hasReceipts, foreign } = lookInto(samples);
  if (foreign === undefined || hasReceipts) return hasReceipts;
  const message = `${samples.path} holds ${foreign} and no ${RECEIPTS}: it does not look like samples; if it is, make an empty ${RECEIPTS} in it`;
  throw new Failure("OUTPUT_UNWRITABLE", message);
}

/**
 * Looks through a directory, no further than to the receipts. `foreign` is the first entry that is
 * not ours.
 */
function lookInto(samples: HeldDirectory): {
  readonly hasReceipts: boolean;
  readonly foreign: string | undefined;
} {
  let foreign: string | undefined;
  const entries = opendirSync(entryPath(samples));
  try {
    for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
      if (isReceipts(entry.name)) return { hasReceipts: true, foreign };
      if (!isNoOnes(entry.name) && !isRecords(entry.name) && !isSample(entry))
        foreign ??= entry.name;
    }
    return { hasReceipts: false, foreign };
  } finally {
    entries.closeSync();
  }
}

function isSample(entry: Dirent): boolean {
  return isSamplePath(entry.name) && !entry.isDirectory();
}

/**
 * True for names that file systems and servers keep in any directory, and for what a crash of ours
 * leaves behind.
 */
function isNoOnes(name: string): boolean {
  return (
    name === "lost+found" || /^\.(snapshot|nfs|fuse_hidden)/.test(name) || temporaryName.test(name)
  );
}

/** Marks an empty directory as ours. */
function mark(samples: HeldDirectory): void {
  try {
    closeFile(createFile(samples, RECEIPTS));
  } catch (error) {
    // Another thread was faster.
    if (errorCode(error) !== "EEXIST") throw error;
  }
}

function identityIn(directory: HeldDirectory, name: string): string | undefined {
  try {
    using folder = holdBeneath(directory, name);
    return folder.identity();
  } catch {
    // Not there, or a link: what a link leads to was judged by its path.
    return undefined;
  }
}
