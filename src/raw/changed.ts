import { type BigIntStats, lstatSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { RawSettings } from "../config/settings.ts";
import { errorCode } from "../errors.ts";
import { systemMessage } from "../lake/errors.ts";
import { entryPath } from "../lake/held-directory.ts";
import type { HeldDataset } from "../lake/lake.ts";
import { isAbsence } from "../lake/roots.ts";
import { pathBytes } from "../lib/pep383.ts";
import { holdRaw } from "./hold.ts";
import type { Changed, Problem, RawDirectory } from "./types.ts";

/** Options of `changedDirectories`. */
export interface ChangedOptions {
  readonly raw: Pick<RawSettings, "directories" | "relistSeconds">;
  /** Directories as they were listed before. */
  readonly known: readonly RawDirectory[];
  /** ms since epoch. */
  readonly now: number;
}

/**
 * Finds the directories that have to be listed: each costs one stat. One that is not there counts
 * as gone only where the directory that the settings name is there.
 */
export function changedDirectories(
  dataset: HeldDataset,
  { raw: { directories, relistSeconds }, known, now }: ChangedOptions,
): Changed {
  const changed = { directories: [] as string[], gone: [] as string[], problems: [] as Problem[] };
  for (const root of directories) {
    const own = known.filter(({ path }) => path === root || path.startsWith(`${root}/`));
    try {
      // A dataset in which nothing ever arrived has no raw files; one in which some did is not mounted.
      if (!isThere(dataset, root, own.length > 0)) continue;
      if (!own.some(({ path }) => path === root)) changed.directories.push(root);
      for (const { path, state, listedAt } of own) {
        const found = statRaw(dataset, path);
        if (found?.isDirectory() !== true) changed.gone.push(path);
        else if (stateOf(found) !== state || now - listedAt > relistSeconds * 1000)
          changed.directories.push(path);
      }
    } catch (error) {
      changed.problems.push({ path: root, message: whyNotListed(error) });
    }
  }
  return changed;
}

/** All that changes with what is in a directory, and with the directory itself. */
export function stateOf({ ino, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${ino}:${mtimeNs}:${ctimeNs}`;
}

/** True when a directory that the settings name is there. @throws errno; Failure PATH_REFUSED */
function isThere(dataset: HeldDataset, root: string, isNeeded: boolean): boolean {
  try {
    holdRaw(dataset, root)[Symbol.dispose]();
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT" && !isNeeded) return false;
    throw error;
  }
}

/** The reason why a directory cannot be listed, for people. */
export function whyNotListed(error: unknown): string {
  const code = errorCode(error);
  if (code === "ENOENT") return "it is missing: is it mounted?";
  if (code === "ELOOP") return "a link leads to it, and links are not followed";
  return systemMessage(error);
}

function statRaw({ directory }: HeldDataset, path: string): BigIntStats | undefined {
  const at = isAbsolute(path) ? path : entryPath(directory, path);
  try {
    return lstatSync(pathBytes(at), { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}
