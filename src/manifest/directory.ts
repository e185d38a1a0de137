import { errorCode, Failure } from "../errors.ts";
import { type HeldDirectory, holdBeneath, holdThrough, realPath } from "../lake/held-directory.ts";
import type { HeldDataset } from "../lake/lake.ts";
import { isWithin } from "../lake/roots.ts";

const FOLDER = "manifests";

/**
 * Holds a dataset's manifests. Where a link leads out of all roots they are refused: what they hold
 * would show in receipts and log.
 * @throws errno; Failure MANIFEST_UNREADABLE
 */
export function holdManifests({ directory, real, roots }: HeldDataset): HeldDirectory {
  try {
    return holdBeneath(directory, FOLDER);
  } catch (error) {
    if (errorCode(error) !== "ELOOP" && errorCode(error) !== "ENOTDIR") throw error;
  }
  const manifests = holdThrough(directory, FOLDER);
  const place = realPath(manifests);
  if ([real, ...roots.all].some((root) => isWithin(place, root))) return manifests;
  manifests[Symbol.dispose]();
  const message = `${manifests.path} leads outside the prefix and allowedRoots`;
  throw new Failure("MANIFEST_UNREADABLE", message);
}
