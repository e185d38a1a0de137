import { closeSync, constants, openSync, readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../../config/settings.ts";
import { Failure } from "../../errors.ts";
import { findPlace, whyNotForSamples } from "../../jobs/place.ts";
import { type LocalFile, openLocalFile } from "../../jobs/source.ts";
import { HEAD_BYTES } from "../../lib/source.ts";
import { isSamplePath } from "../../samples/path.ts";

/** open(2): finds a directory without opening what is in it. Node has no name for it. */
const O_PATH = 0o10000000;

/** A dataset's samples directory, held: nothing can be exchanged for it until it is let go. */
export interface HeldSamples extends Disposable {
  /** A path to it that leads there whatever becomes of its name. */
  readonly path: string;
  /** Where it really is. */
  readonly real: string;
}

/**
 * Holds the samples of a dataset, where they are in a place that samples may be in.
 * @throws Failure OUTPUT_UNWRITABLE where they lead elsewhere; FILE_MISSING where there are none;
 * errno
 */
export async function holdSamples(settings: Settings, dataset: string): Promise<HeldSamples> {
  const { directory, roots } = await findPlace(settings, dataset);
  const fd = openDirectory(join(directory, "samples"));
  try {
    const path = `/proc/self/fd/${fd}`;
    const real = readlinkSync(path);
    // The place was judged by its name; this is what that name led to just now.
    if (whyNotForSamples(real, realpathSync(directory), roots) !== undefined) {
      throw new Failure("PATH_REFUSED", `the samples of ${dataset} lead to ${real}`);
    }
    return { path, real, [Symbol.dispose]: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * Opens a sample that the cache names, to be closed; what a link leads to outside of the samples is
 * not opened, nor is what is no regular file.
 * @throws Failure PATH_REFUSED, FILE_MISSING or FILE_UNREADABLE
 */
export function openSample(held: HeldSamples, name: string): LocalFile {
  try {
    return openLocalFile(join(held.path, checkedName(name)), {
      roots: [held.real],
      name,
      readBytes: Number.MAX_SAFE_INTEGER,
      signal: new AbortController().signal,
      memory: Buffer.allocUnsafe(HEAD_BYTES),
    });
  } catch (error) {
    throw told(held, error);
  }
}

/** The same error in words that people know: the path of a held directory says nothing to them. */
export function told({ path }: HeldSamples, error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  const message = error.message.replaceAll(`${path}/`, "samples/");
  return new Failure(error.code, message, { cause: error });
}

/** A sample's path below `samples/`. @throws Failure PATH_REFUSED where no sample is called so */
export function checkedName(name: string): string {
  if (isSamplePath(name)) return name;
  throw new Failure("PATH_REFUSED", `${name} is no name of a sample`);
}

function openDirectory(path: string): number {
  try {
    return openSync(path, O_PATH | constants.O_DIRECTORY);
  } catch (error) {
    throw new Failure("FILE_MISSING", `${path} is not there, or is no directory`, { cause: error });
  }
}
