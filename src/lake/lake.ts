import type { Settings } from "../config/settings.ts";
import { Failure } from "../errors.ts";
import { pathBelow } from "../lib/path-below.ts";
import { outputFailure } from "./errors.ts";
import {
  type HeldDirectory,
  holdDirectory,
  holdPlain,
  realPath,
  unlessLinked,
} from "./held-directory.ts";
import { findRoots, isAbsence, type Roots } from "./roots.ts";

/** A dataset's directory, held. */
export interface HeldDataset extends Disposable {
  readonly name: string;
  readonly directory: HeldDirectory;
  /** The real path of the directory. */
  readonly real: string;
  readonly roots: Roots;
}

/** The datasets of a lake. Each is held for one step of work at a time, and judged each time. */
export interface Lake {
  readonly settings: Settings;
  /**
   * Holds a dataset's directory. Links above it have to lead where they led when it was first held
   * here, or to `linkedTo` where that is given.
   * @throws Failure FILE_MISSING or OUTPUT_UNWRITABLE
   */
  hold(dataset: string, linkedTo?: string | null): HeldDataset;
  /**
   * The directory that links led to when a dataset was first held here; null where there were no
   * links, undefined before.
   */
  linkedTo(dataset: string): string | null | undefined;
  /** Identities of the directories of samples that are known to be ours, by dataset. */
  readonly ownSamples: Map<string, string>;
}

/** Opens a lake; nothing of it is held yet. */
export function createLake(settings: Settings): Lake {
  const links = new Map<string, string | null>();
  let known: Roots | undefined;

  return {
    settings,
    ownSamples: new Map(),
    linkedTo: (dataset) => links.get(dataset),
    hold(name, linkedTo = links.get(name)) {
      const roots = known ?? findRoots(settings);
      if (roots.isWhole) known = roots;
      const { directory, link } = holdAny(settings.prefix, roots.prefix, name);
      const dispose = () => directory[Symbol.dispose]();
      if (linkedTo === undefined) links.set(name, link);
      else if (link !== null && link !== linkedTo) {
        dispose();
        throw movedFailure(directory.path, link, linkedTo);
      }
      const real = link ?? pathBelow(roots.prefix, name);
      return { name, directory, real, roots, [Symbol.dispose]: dispose };
    },
  };
}

/**
 * Holds a dataset's directory; `link` is the directory that links led to, null where there were
 * none.
 */
function holdAny(
  prefix: string,
  realPrefix: string,
  name: string,
): { readonly directory: HeldDirectory; readonly link: string | null } {
  const path = pathBelow(prefix, name);
  try {
    const plain = unlessLinked(() => holdPlain(pathBelow(realPrefix, name), path));
    if (plain !== undefined) return { directory: plain, link: null };
    const directory = holdDirectory(path);
    return { directory, link: realPath(directory) };
  } catch (error) {
    if (!isAbsence(error)) throw outputFailure(error, path);
    const message = `${path} is missing: is it mounted? (\`forget\` is for a dataset that is gone)`;
    throw new Failure("FILE_MISSING", message, { cause: error });
  }
}

function movedFailure(path: string, link: string, before: string | null): Failure {
  const was = before === null ? "was no link" : `led to ${before}`;
  const message = `${path} leads to ${link} now, and ${was} before: put it back, or reload or restart the sampler`;
  return new Failure("OUTPUT_UNWRITABLE", message);
}
