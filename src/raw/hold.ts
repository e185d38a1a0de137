import { isAbsolute } from "node:path";
import { Failure } from "../errors.ts";
import { type HeldDirectory, holdBeneath, holdPlain } from "../lake/held-directory.ts";
import type { HeldDataset } from "../lake/lake.ts";
import { isWithin } from "../lake/roots.ts";

/**
 * Holds a directory of raw files, to which no link may lead: below the dataset, or where an
 * absolute path says, within the roots.
 * @throws errno; Failure PATH_REFUSED
 */
export function holdRaw({ directory, roots }: HeldDataset, path: string): HeldDirectory {
  if (!isAbsolute(path)) return holdBeneath(directory, path);
  const below = `${directory.path}/`;
  if (path.startsWith(below)) return holdBeneath(directory, path.slice(below.length));
  const held = holdPlain(path, path);
  if (roots.all.some((root) => isWithin(path, root))) return held;
  held[Symbol.dispose]();
  throw new Failure("PATH_REFUSED", `${path} lies outside the prefix and allowedRoots`);
}
