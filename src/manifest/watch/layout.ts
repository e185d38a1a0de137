import { readdir } from "node:fs/promises";
import type { Settings } from "../../config/settings.ts";
import { MANIFESTS } from "../../lake/dataset.ts";

const DATASET_DEPTH = 3;
const MANIFESTS_DEPTH = 4;

/** The directories of a lake that are followed: vendor/dataset/version/manifests, and no data. */
export interface Layout {
  /** True for a path that is followed if it is a directory. */
  isFollowed(path: string): boolean;
  /** The paths to follow below a directory that is followed. @throws errno */
  below(directory: string): Promise<string[]>;
  /** The dataset whose manifests are, or are in, this path; undefined for one above or beside. */
  datasetOf(path: string): string | undefined;
}

/** Makes the layout below the prefix, without datasets that the settings do not include. */
export function createLayout({ prefix, includes }: Settings): Layout {
  return { isFollowed, below, datasetOf };

  function isFollowed(path: string): boolean {
    const parts = partsOf(path);
    if (parts.slice(0, DATASET_DEPTH).some((part) => part.startsWith("."))) return false;
    if (parts.length < DATASET_DEPTH) return true;
    if (parts.length > MANIFESTS_DEPTH) return false;
    return (parts[DATASET_DEPTH] ?? MANIFESTS) === MANIFESTS && includes(nameOf(parts));
  }

  /**
   * The paths to follow below a directory. A version's directory is not listed: beside its
   * manifests it holds data only.
   */
  async function below(directory: string): Promise<string[]> {
    const depth = partsOf(directory).length;
    if (depth === MANIFESTS_DEPTH) return [];
    if (depth === DATASET_DEPTH) return [`${directory}/${MANIFESTS}`];
    const entries = await readdir(directory, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map(({ name }) => `${directory}/${name}`)
      .filter(isFollowed);
  }

  function datasetOf(path: string): string | undefined {
    const parts = partsOf(path);
    const isManifests = parts[DATASET_DEPTH] === MANIFESTS && includes(nameOf(parts));
    return isManifests ? nameOf(parts) : undefined;
  }

  function partsOf(path: string): string[] {
    return path.slice(prefix.length).split("/").slice(1);
  }
}

function nameOf(parts: readonly string[]): string {
  return parts.slice(0, DATASET_DEPTH).join("/");
}
