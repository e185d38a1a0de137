import { concurrently } from "../lib/concurrently.ts";
import { activeFileBelow, type ManifestFile } from "./files.ts";

/** Manifests of which everything was read, so that one look tells that nothing came since. */
export interface Unmoved {
  /** Remembers how a dataset's manifest looked before it was read; undefined forgets it. */
  note(dataset: string, file: ManifestFile | undefined, now: number): void;
  /** Forgets all. */
  forget(): void;
  /** Those of the datasets whose manifest looks as it did. */
  of(datasets: readonly string[]): Promise<ReadonlySet<string>>;
}

/** Age of a change after which a further change gives the file another ctime, ms. */
const CLOCK_TICK_MS = 2000;

/** Creates the memory for the datasets below a prefix. */
export function unmovedBelow(prefix: string): Unmoved {
  const noted = new Map<string, ManifestFile>();
  return {
    note(dataset, file, now) {
      if (file === undefined || file.ctimeMs > now - CLOCK_TICK_MS) noted.delete(dataset);
      else noted.set(dataset, file);
    },
    forget: () => noted.clear(),
    async of(datasets) {
      const unmoved = new Set<string>();
      const known = datasets.filter((dataset) => noted.has(dataset));
      await concurrently(known, async (dataset) => {
        // What cannot be looked at is looked into, where the error has its place.
        const file = await activeFileBelow(`${prefix}/${dataset}/manifests`).catch(() => undefined);
        if (file !== undefined && looksSame(file, noted.get(dataset))) unmoved.add(dataset);
      });
      return unmoved;
    },
  };
}

/** True when a file looks as it did, so far as one look tells. */
export function looksSame(a: ManifestFile, b: ManifestFile | undefined): boolean {
  const isSameFile = a.id === b?.id && a.size === b.size;
  return isSameFile && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs;
}
