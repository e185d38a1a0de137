import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MANIFESTS } from "../lake/dataset.ts";

/** Levels between the prefix and a dataset's directory: vendor, dataset, version. */
const LEVELS = 3;
/** Levels looked at: one more than there should be. */
const LOOKED_AT = LEVELS + 1;
/** Directories looked into at each level. */
const MOST = 100;

/**
 * A message that no dataset is below a prefix, with places where one may be meant: some levels
 * above or below.
 */
export async function noDatasetText(prefix: string): Promise<string> {
  const unknown = `no dataset is below it: one is any vendor/dataset/version with a manifests/ in it`;
  let [level, directories] = [0, [prefix]];
  for (; level <= LOOKED_AT; level += 1) {
    const inner = await Promise.all(directories.map(directoriesIn));
    const found = directories.find((_, i) => inner[i]?.includes(MANIFESTS));
    if (found !== undefined && level !== LEVELS)
      return `${unknown}; did you mean --prefix ${rootOf(found)}?`;
    directories = directories
      .flatMap((directory, i) => (inner[i] ?? []).map((name) => join(directory, name)))
      .slice(0, MOST);
  }
  return unknown;
}

/** The prefix of a lake in which this directory is a dataset. */
function rootOf(dataset: string): string {
  return Array.from({ length: LEVELS }).reduce<string>((path) => dirname(path), dataset);
}

async function directoriesIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const directories = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("."));
  return directories.slice(0, MOST).map(({ name }) => name);
}
