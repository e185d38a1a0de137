import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { locationOf } from "../storage/location.ts";
import { download } from "../transfer/download.ts";
import { limitsOf } from "../transfer/limits-of.ts";
import { createRateLimit } from "../transfer/rate.ts";
import { chooseRegion, type Whereabouts } from "./choose-region.ts";
import { FILES, type StagingDocument } from "./document.ts";
import { type ListedFile, readList, withListPath } from "./file-list.ts";
import { isThere, makeDirectory, placeTree, type Put, type Target } from "./place-tree.ts";
import { openRegions, type Region, type RegionsContext } from "./region.ts";
import { findStaging } from "./stagings.ts";

/** Options of `downloadStaging`. */
export interface DownloadStaging extends Whereabouts {
  readonly id: string;
  /** Where to put it; the staging's own destination by default. */
  readonly destination?: string | undefined;
  /** Told of bytes that are there now, and how many there are to be. */
  readonly onProgress: (bytes: number, size: number) => void;
}

/** A staging on a machine. */
export interface Downloaded {
  readonly document: StagingDocument;
  /** Absolute. */
  readonly path: string;
  /** True where it was there already. */
  readonly wasThere: boolean;
}

const FILE_MODE = 0o640;

/**
 * Fetches a staging to this machine: each file verified, and all of it under its name at once.
 * @throws Failure, also where something else has that name; what was fetched stays for the next time
 */
export async function downloadStaging(
  { id, destination, onProgress, ...where }: DownloadStaging,
  context: RegionsContext,
): Promise<Downloaded> {
  const found = await findStaging(await openRegions(context), id, context.signal);
  const { region, read } = chooseRegion(found, where);
  const { document } = read;
  const path = resolve(destination ?? document.destination);
  const fetch = fetching(region, context);
  return await withListPath(async (list) => {
    const sha256 = document.files_sha256 ?? undefined;
    const target = { path: list, part: `${list}.part` };
    await fetch(`${id}/${FILES}`, { target, sha256, onBytes: () => {} });
    if (await isThere(path, document.kind, list)) return { document, path, wasThere: true };
    // The directory of its place may be a link, as of a mount.
    if (!existsSync(dirname(path))) await makeDirectory(dirname(path));
    const put = putting(fetch, document, onProgress);
    if (document.kind === "tree") await placeTree({ path, id, list, put, ...context.settings });
    else for await (const file of readList(list)) await put(file, { path, part: `${path}.part` });
    return { document, path, wasThere: false };
  });
}

interface Fetched {
  readonly target: Target;
  readonly sha256: string | undefined;
  readonly bytes?: number;
  readonly onBytes: (bytes: number) => void;
}

type Fetch = (key: string, what: Fetched) => Promise<void>;

/** Fetches objects of a region into files. */
function fetching({ bucket, storages }: Region, { settings, signal }: RegionsContext): Fetch {
  const limits = limitsOf({ settings, rate: createRateLimit(settings.bytesPerSecond) });
  return async (key, { target, sha256, bytes, onBytes }) => {
    await download(locationOf(`s3://${bucket.name}/${key}`), {
      storages,
      part: target.part,
      target: () => target.path,
      mode: FILE_MODE,
      sha256,
      bytes,
      ...limits,
      signal,
      onProgress: onBytes,
    });
  };
}

/** Puts files of a staging somewhere, and tells how far all of them are. */
function putting(
  fetch: Fetch,
  { staging_id, size_bytes }: StagingDocument,
  onProgress: DownloadStaging["onProgress"],
): Put {
  let whole = 0;
  const parts = new Map<string, number>();
  return async ({ path: name, sha256, bytes }: ListedFile, target) => {
    const onBytes = (now: number) => {
      parts.set(name, now);
      onProgress(whole + [...parts.values()].reduce((sum, each) => sum + each, 0), size_bytes);
    };
    await fetch(`${staging_id}/${name}`, { target, sha256, bytes, onBytes });
    parts.delete(name);
    whole += bytes;
  };
}
