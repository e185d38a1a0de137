import type { Settings } from "../config/settings.ts";
import { Failure } from "../errors.ts";
import { type HeldDirectory, entryPath, realPath } from "../lake/held-directory.ts";
import { createLake } from "../lake/lake.ts";
import { type LocalFile, openLocalFile } from "../lake/local-file.ts";
import { HEAD_BYTES } from "../lib/source.ts";
import { holdSamples } from "./directory.ts";
import { isSamplePath } from "./path.ts";
import { SAMPLES } from "../lake/dataset.ts";

/**
 * Holds the samples of a dataset: nothing can be exchanged for them until they are let go.
 * @throws Failure OUTPUT_UNWRITABLE where they lead elsewhere; FILE_MISSING where there are none
 */
export function heldSamples(settings: Settings, name: string): HeldDirectory {
  using dataset = createLake(settings).hold(name);
  const samples = holdSamples(dataset);
  if (samples !== undefined) return samples;
  throw new Failure("FILE_MISSING", `${dataset.directory.path}/${SAMPLES} is not there`);
}

/**
 * Opens a sample that the cache names; the caller closes it. A file that a link leads to outside of
 * the samples is not opened, nor is anything but a regular file.
 * @throws Failure PATH_REFUSED, FILE_MISSING or FILE_UNREADABLE
 */
export function openSample(held: HeldDirectory, sample: string): LocalFile {
  try {
    const { path, roots } = heldSample(held, sample);
    return openLocalFile(path, {
      roots,
      name: nameIn(sample),
      readBytes: Number.MAX_SAFE_INTEGER,
      signal: new AbortController().signal,
      memory: Buffer.allocUnsafe(HEAD_BYTES),
    });
  } catch (error) {
    throw told(held, error);
  }
}

/**
 * The path of an entry's sample in the directory that is held, and the root that it has to lie in.
 * @throws Failure PATH_REFUSED where no sample can have that name
 */
export function heldSample(
  held: HeldDirectory,
  sample: string,
): { readonly path: string; readonly roots: readonly string[] } {
  return { path: entryPath(held, checkedName(nameIn(sample))), roots: [realPath(held)] };
}

/** The path of an entry's sample below `samples/`. */
export function nameIn(sample: string): string {
  return sample.replace(/^samples\//, "");
}

/** The same error in words that people know: the path of a held directory tells them nothing. */
export function told(held: HeldDirectory, error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  const message = error.message.replaceAll(entryPath(held, ""), "samples/");
  return new Failure(error.code, message, { cause: error });
}

/** @throws Failure PATH_REFUSED where no sample can have that name */
function checkedName(name: string): string {
  if (isSamplePath(name)) return name;
  throw new Failure("PATH_REFUSED", `${name} is no name of a sample`);
}
