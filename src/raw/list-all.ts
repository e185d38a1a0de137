import { errorCode, Failure } from "../errors.ts";
import type { HeldDataset } from "../lake/lake.ts";
import { isAbsence } from "../lake/roots.ts";
import { whyNotListed } from "./changed.ts";
import { holdRaw } from "./hold.ts";
import { listDirectory, type ListOptions, PAGE } from "./list.ts";
import type { Listed, ListedPage, Listing, Problem } from "./types.ts";

/**
 * Lists some directories, and yields what is in them together, so that a message is worth it: a page
 * of files at most. One that cannot be listed holds up no other.
 */
export function* listAll(
  dataset: HeldDataset,
  listings: readonly Listing[],
  options: ListOptions,
): Generator<Listed, void, void> {
  let listed = nothing();
  for (const listing of listings) {
    try {
      for (const page of listDirectory(dataset, listing, options)) {
        if (filesOf(listed) + page.came.length > PAGE) {
          yield listed;
          listed = nothing();
        }
        listed.pages.push(page);
      }
    } catch (error) {
      const { path } = listing;
      if (isGone(error) && isRootThere(dataset, path, options)) listed.gone.push(path);
      else listed.problems.push({ path, message: whyNotListed(error) });
    }
  }
  yield { ...listed, isLast: true };
}

/**
 * True for a path below a directory that the settings name, where that is there: one that is missing
 * may only not be mounted, and nothing in it is gone.
 */
function isRootThere(dataset: HeldDataset, path: string, { raw }: ListOptions): boolean {
  const root = raw.directories.find((each) => path.startsWith(`${each}/`));
  if (root === undefined) return false;
  try {
    holdRaw(dataset, root)[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
}

interface Collected extends Listed {
  readonly pages: ListedPage[];
  readonly gone: string[];
  readonly problems: Problem[];
}

function nothing(): Collected {
  return { pages: [], gone: [], problems: [], isLast: false };
}

function filesOf({ pages }: Listed): number {
  return pages.reduce((sum, { came }) => sum + came.length, 0);
}

/** True for a directory that went meanwhile, or that is a link or something else now. */
function isGone(error: unknown): boolean {
  return !(error instanceof Failure) && (isAbsence(error) || errorCode(error) === "ELOOP");
}
