import { readdir, stat } from "node:fs/promises";
import { errorCode } from "../errors.ts";
import { concurrently } from "../lib/concurrently.ts";

/** The manifest, below a dataset's directory. */
export const MANIFEST_PATH = "manifests/processed.jsonl";

/** The datasets below a prefix, and what could not be looked into. */
export interface Discovered {
  /** `vendor/dataset/version`, sorted. */
  readonly datasets: readonly string[];
  /** An error is never taken for "no datasets". */
  readonly errors: readonly { readonly path: string; readonly error: unknown }[];
}

/**
 * Finds every dataset with a manifest, or with a directory for one, since a manifest may be
 * missing for a moment while it is rotated. Reads directories only. Paths are made without `join`,
 * which was a quarter of what an idle pass allocated.
 */
export async function discover(
  prefix: string,
  includes: (dataset: string) => boolean,
): Promise<Discovered> {
  const errors: { path: string; error: unknown }[] = [];
  const vendors = await directories("");
  const datasets = (await concurrently(vendors, directories)).flat();
  const versions = (await concurrently(datasets, directories)).flat().filter(includes);
  const has = await concurrently(versions, hasManifests);
  return { datasets: versions.filter((_, i) => has[i]).toSorted(), errors };

  async function directories(path: string): Promise<string[]> {
    const directory = path === "" ? prefix : `${prefix}/${path}`;
    try {
      const names: string[] = [];
      for (const entry of await readdir(directory, { withFileTypes: true })) {
        if (entry.name[0] === "." || !(entry.isDirectory() || entry.isSymbolicLink())) continue;
        const name = path === "" ? entry.name : `${path}/${entry.name}`;
        if (!entry.name.includes("\ufffd")) names.push(name);
        else errors.push({ path: `${prefix}/${name}`, error: new Error("its name is not UTF-8") });
      }
      return names;
    } catch (error) {
      const gone = errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR";
      if (!gone || path === "") errors.push({ path: directory, error });
      return [];
    }
  }

  async function hasManifests(dataset: string): Promise<boolean> {
    const path = `${prefix}/${dataset}/manifests`;
    try {
      return (await stat(path)).isDirectory();
    } catch (error) {
      if (errorCode(error) !== "ENOENT" && errorCode(error) !== "ENOTDIR")
        errors.push({ path, error });
      return false;
    }
  }
}
