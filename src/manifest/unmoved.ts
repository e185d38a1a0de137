import { join } from "node:path";
import { concurrently } from "../lib/concurrently.ts";
import { activeFile, type ManifestFile } from "./files.ts";

/** Manifests of which everything was read, so that one look tells that nothing came since. */
export interface Unmoved {
  /** Remembers how a dataset's manifest looked before it was read; undefined forgets it. */
  note(dataset: string, file: ManifestFile | undefined, now: number): void;
  /** Forgets all. */
  forget(): void;
  /** Those of the datasets whose manifest looks as it did. */
  of(datasets: readonly string[]): Promise<ReadonlySet<string>>;
}

/** What was changed longer ago than this has another ctime when it is changed again, ms. */
const CLOCK_TICK_MS = 2000;

/** Makes one for the datasets below a prefix. */
export function unmovedBelow(prefix: string): Unmoved {
  const marks = new Map<string, string>();
  return {
    note(dataset, file, now) {
      if (file === undefined || file.ctimeMs > now - CLOCK_TICK_MS) marks.delete(dataset);
      else marks.set(dataset, markOf(file));
    },
    forget: () => marks.clear(),
    async of(datasets) {
      const unmoved = new Set<string>();
      const known = datasets.filter((dataset) => marks.has(dataset));
      await concurrently(known, async (dataset) => {
        // What cannot be looked at is looked into, where the error has its place.
        const file = await activeFile(join(prefix, dataset, "manifests")).catch(() => undefined);
        if (file !== undefined && markOf(file) === marks.get(dataset)) unmoved.add(dataset);
      });
      return unmoved;
    },
  };
}

function markOf({ id, size, mtimeMs, ctimeMs }: ManifestFile): string {
  return `${id}:${size}:${mtimeMs}:${ctimeMs}`;
}
