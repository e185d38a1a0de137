import { join } from "node:path";
import { BRONZE } from "../lake/dataset.ts";
import { entriesBelow } from "../lake/entries-below.ts";
import { entryPath, holdBeneath, statEntry } from "../lake/held-directory.ts";
import type { HeldDataset } from "../lake/lake.ts";
import { isUrl } from "../lib/bronze-url.ts";
import { holdManifestsIfAny } from "../manifest/directory.ts";
import { planAll } from "../manifest/plan.ts";
import { readSegment } from "../manifest/read.ts";
import { readingAsIs } from "../manifest/reading-as-is.ts";
import { createPathSet } from "../store/open.ts";
import type { PathSet } from "../store/path-set.ts";

/** Options of `unannouncedIn`. */
export interface UnannouncedOptions {
  /** Files and directories that are not looked at, by their names. */
  readonly isIgnored: (name: string) => boolean;
  /** Files that changed since then are left out, ms since epoch: they may not be complete yet. */
  readonly before: number;
  /** Called with the reason for each file that is left out. */
  readonly onLeftOut: (why: string) => void;
}

const BATCH = 1000;

/**
 * Yields the files in a dataset's bronze that no line of its manifest names, as paths below the
 * dataset. All of the manifest is read, with what was rotated away and is still there.
 * @throws errno; Failure MANIFEST_UNREADABLE, FILE_UNREADABLE
 */
export async function* unannouncedIn(
  dataset: HeldDataset,
  options: UnannouncedOptions,
): AsyncGenerator<string, void, void> {
  using announced = createPathSet();
  await readAnnounced(dataset, announced);
  let batch: string[] = [];
  for await (const path of filesIn(dataset, options)) {
    batch.push(path);
    if (batch.length < BATCH) continue;
    yield* announced.missingOf(batch);
    batch = [];
  }
  yield* announced.missingOf(batch);
}

/** Adds the bronze paths that the manifest names, written from the dataset where they lie below it. */
async function readAnnounced(dataset: HeldDataset, announced: PathSet): Promise<void> {
  using manifests = holdManifestsIfAny(dataset);
  if (manifests === undefined) return;
  const places = [`${dataset.directory.path}/`, `${dataset.real}/`];
  const below = (bronze: string) => {
    const place = places.find((each) => bronze.startsWith(each));
    return place === undefined ? bronze : bronze.slice(place.length);
  };
  for (const segment of (await planAll(manifests)).segments) {
    for await (const { entries } of readSegment(manifests, segment, readingAsIs))
      announced.add(entries.map(({ bronze }) => (isUrl(bronze) ? bronze : join(below(bronze)))));
  }
}

async function* filesIn(
  { directory }: HeldDataset,
  { isIgnored, before, onLeftOut }: UnannouncedOptions,
): AsyncGenerator<string, void, void> {
  using bronze = holdBeneath(directory, BRONZE);
  for await (const { path, entry } of entriesBelow(entryPath(bronze))) {
    if (path.split("/").some(isIgnored)) continue;
    if (path.includes("\ufffd")) onLeftOut("the name is not UTF-8; `append --bronze` takes it");
    else if (!entry.isFile()) onLeftOut("not a regular file");
    else {
      const found = statEntry(bronze, path);
      if (found === undefined) continue;
      if (found.mtimeMs > before) onLeftOut("it changed just now, and may not be complete");
      else yield `${BRONZE}/${path}`;
    }
  }
}
