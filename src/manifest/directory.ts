import { errorCode, Failure } from "../errors.ts";
import {
  type HeldDirectory,
  holdBeneath,
  holdThrough,
  realPath,
  unlessLinked,
} from "../lake/held-directory.ts";
import type { HeldDataset } from "../lake/lake.ts";
import { isWithin } from "../lake/roots.ts";
import { MANIFESTS } from "../lake/dataset.ts";

/**
 * Holds a dataset's manifests; undefined where there is no such directory.
 * @throws as `holdManifests`
 */
export function holdManifestsIfAny(dataset: HeldDataset): HeldDirectory | undefined {
  try {
    return holdManifests(dataset);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Holds a dataset's manifests. They are refused where a link leads out of all roots: their content
 * would show in receipts and log.
 * @throws errno; Failure MANIFEST_UNREADABLE
 */
export function holdManifests({ directory, real, roots }: HeldDataset): HeldDirectory {
  const plain = unlessLinked(() => holdBeneath(directory, MANIFESTS));
  if (plain !== undefined) return plain;
  const manifests = holdThrough(directory, MANIFESTS);
  const place = realPath(manifests);
  if ([real, ...roots.all].some((root) => isWithin(place, root))) return manifests;
  manifests[Symbol.dispose]();
  const message = `${manifests.path} leads outside the prefix and allowedRoots`;
  throw new Failure("MANIFEST_UNREADABLE", message);
}
