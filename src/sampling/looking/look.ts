import { setImmediate } from "node:timers/promises";
import type { Settings } from "../../config/settings.ts";
import type { Lister } from "../../raw/lister.ts";
import type { Listed, Listing, RawDirectory } from "../../raw/types.ts";
import type { RawStore } from "../../store/raw-store.ts";
import type { Batch } from "../../store/ingest-store.ts";
import type { PassEvent } from "../events.ts";
import type { Found, Looked } from "./looked.ts";

/** Options of `lookAt`. */
export interface LookOptions {
  readonly store: RawStore;
  readonly settings: Settings;
  readonly lister: Lister;
  readonly dataset: string;
  readonly expectedFor: Batch["expectedFor"];
  readonly report: (event: PassEvent) => void;
  /** True when the process is to end; asked between two pages of names. */
  readonly isStopping: () => boolean;
}

/** Names in one directory beyond which looking costs more than it should. */
const MANY_NAMES = 200_000;
/** Directories that are listed together, and the length of their names, at most. */
const TOGETHER = 16;
const TOGETHER_LENGTH = 1024 ** 2;
const NOT_UTF8 = "their names are not UTF-8";

/**
 * Looks at a dataset's raw files: at its known directories, then at what is in those that changed.
 * What is found is due, page by page; a directory is remembered once all of it was listed.
 * @throws Failure, as `Lister`; what the store throws
 */
export async function lookAt(options: LookOptions): Promise<Looked> {
  const { store, lister, dataset, report, isStopping } = options;
  const began = performance.now();
  const known = await store.directories(dataset);
  const { directories, gone, problems } = await lister.changed({ dataset, known, now: Date.now() });
  for (const { path, message } of problems) reportUnlisted(options, path, message);
  for (const path of gone) await store.removeDirectory(dataset, path, Date.now());
  const before = new Map(known.map((directory) => [directory.path, directory]));
  const found: Found = { listed: 0, due: 0, unchanged: 0 };
  const queue = [...directories];
  while (queue.length > 0 && !isStopping()) {
    const listings = await nextListings(options, queue, before);
    for await (const listed of lister.list({ dataset, listings, now: Date.now() })) {
      for (const path of await takeIn(options, listed, found))
        if (!before.has(path)) queue.push(path);
      // Passes get their turn.
      await setImmediate();
      if (isStopping()) break;
    }
  }
  const looked = { ...found, ms: performance.now() - began };
  report({ type: "looked", dataset, looked });
  return looked;
}

/** Takes some directories from the queue, as many as are worth a message and no more. */
async function nextListings(
  { store, dataset }: LookOptions,
  queue: string[],
  before: ReadonlyMap<string, RawDirectory>,
): Promise<readonly Listing[]> {
  const listings: Listing[] = [];
  let length = 0;
  while (queue.length > 0 && listings.length < TOGETHER && length < TOGETHER_LENGTH) {
    const path = queue.shift() as string;
    const known = before.has(path) ? await store.namesIn(dataset, path) : "";
    listings.push({ path, before: before.get(path), known });
    length += known.length;
  }
  return listings;
}

/** Takes in what was found, and adds to the counts. Returns the paths of further directories. */
async function takeIn(
  options: LookOptions,
  { pages, gone, problems }: Listed,
  found: Found,
): Promise<readonly string[]> {
  const { store, settings, dataset, report, expectedFor } = options;
  const now = Date.now();
  const { quietSeconds } = settings.forDataset(dataset).raw;
  const { due, unchanged } = await store.take({ dataset, pages, quietSeconds, expectedFor }, now);
  for (const path of gone) await store.removeDirectory(dataset, path, now);
  for (const { path, message } of problems) reportUnlisted(options, path, message);
  const ends = pages.map(({ end }) => end).filter((end) => end !== undefined);
  for (const { directory, count, unnamed } of ends) {
    const { path } = directory;
    if (count > MANY_NAMES) report({ type: "crowded", dataset, path, names: count });
    if (unnamed > 0) reportUnlisted(options, path, `${unnamed} directories in it: ${NOT_UTF8}`);
  }
  found.listed += ends.length;
  found.due += due;
  found.unchanged += unchanged;
  return ends.flatMap(({ directories }) => directories);
}

function reportUnlisted(
  { dataset, report }: Pick<LookOptions, "dataset" | "report">,
  path: string,
  message: string,
): void {
  report({ type: "unlisted", where: `${dataset}  ${path}`, code: "RAW_UNREADABLE", message });
}
