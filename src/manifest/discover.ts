import { readdir, realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { errorCode } from "../errors.ts";
import { concurrently } from "../lib/concurrently.ts";
import { type Alias, type Found, withoutAliases } from "./aliases.ts";

/** The datasets below a prefix, and the directories that could not be looked into. */
export interface Discovered {
  /** `vendor/dataset/version`, sorted. */
  readonly datasets: readonly string[];
  /** Links that lead to the directory of another dataset; nothing is read or sampled through them. */
  readonly aliases: readonly Alias[];
  /** Errors; an error is never taken for "no datasets". */
  readonly errors: readonly { readonly path: string; readonly error: unknown }[];
}

/**
 * Finds every dataset with a manifest, or with a directory for one, since a manifest may be missing
 * for a moment while it is rotated; also one with any of the directories that `alsoBy` names. A dataset is its real directory, under one name. Reads
 * directories only, and resolves links only. Paths are made without `join`, which caused a quarter
 * of an idle pass's allocations.
 */
export async function discover(
  prefix: string,
  includes: (dataset: string) => boolean,
  alsoBy: (dataset: string) => readonly string[] = () => [],
): Promise<Discovered> {
  const errors: { path: string; error: unknown }[] = [];
  const vendors = await directories({ path: "" });
  const datasets = (await concurrently(vendors, directories)).flat();
  const versions = (await concurrently(datasets, directories)).flat();
  const hasLinks = versions.some(({ real }) => real !== undefined);
  const { found, aliases } = hasLinks
    ? withoutAliases(versions, await realpath(prefix))
    : { found: versions, aliases: [] };
  const wanted = found.map(({ path }) => path).filter(includes);
  const has = await concurrently(wanted, isDataset);
  return {
    datasets: wanted.filter((_, i) => has[i]).toSorted(),
    aliases: aliases.filter(({ alias }) => includes(alias)),
    errors,
  };

  async function directories(parent: Found): Promise<Found[]> {
    const { path } = parent;
    const directory = path === "" ? prefix : `${prefix}/${path}`;
    try {
      const found: Found[] = [];
      for (const entry of await readdir(directory, { withFileTypes: true })) {
        const isLink = entry.isSymbolicLink();
        if (entry.name[0] === "." || !(entry.isDirectory() || isLink)) continue;
        const name = path === "" ? entry.name : `${path}/${entry.name}`;
        if (entry.name.includes("\ufffd"))
          errors.push({ path: `${prefix}/${name}`, error: new Error("its name is not UTF-8") });
        else if (isLink) found.push(...(await linked(name)));
        else if (parent.real === undefined) found.push({ path: name });
        else found.push({ path: name, real: `${parent.real}/${entry.name}` });
      }
      return found;
    } catch (error) {
      const gone = errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR";
      if (!gone || path === "") errors.push({ path: directory, error });
      return [];
    }
  }

  /** Finds what a link leads to; nothing where that is not there. */
  async function linked(path: string): Promise<Found[]> {
    try {
      return [{ path, real: await realpath(`${prefix}/${path}`) }];
    } catch (error) {
      if (errorCode(error) !== "ENOENT") errors.push({ path: `${prefix}/${path}`, error });
      return [];
    }
  }

  async function isDataset(dataset: string): Promise<boolean> {
    const directory = `${prefix}/${dataset}`;
    if (await isThere(`${directory}/manifests`)) return true;
    for (const path of alsoBy(dataset)) if (await isThere(resolve(directory, path))) return true;
    return false;
  }

  async function isThere(path: string): Promise<boolean> {
    try {
      return (await stat(path)).isDirectory();
    } catch (error) {
      if (errorCode(error) !== "ENOENT" && errorCode(error) !== "ENOTDIR")
        errors.push({ path, error });
      return false;
    }
  }
}
