import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { errorMessage } from "../errors.ts";
import { chooseRegion } from "./choose-region.ts";
import type { StagingDocument } from "./document.ts";
import { type Fetch, fetching, fetchList } from "./fetch-object.ts";
import { objectOf, readList, withListPath } from "./file-list.ts";
import type { Machine } from "./machine.ts";
import { isThere, makeDirectory, placeTree, type Put } from "./place-tree.ts";
import { pricesOf } from "./price-file.ts";
import type { Region, RegionsContext } from "./region.ts";
import { findStaging } from "./stagings.ts";
import { countUse } from "./uses.ts";

/** Options of `downloadStaging`. */
export interface DownloadStaging {
  readonly id: string;
  readonly machine: Machine;
  /** All of the configuration. */
  readonly regions: readonly Region[];
  /** The place to put it; the staging's own destination by default. */
  readonly destination?: string | undefined;
  /** Told of the region that it is fetched from, and why. */
  readonly onRegion: (region: string, why: string) => void;
  /** Told why the use could not be counted: it is a download all the same. */
  readonly onUncounted: (why: string) => void;
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

/**
 * Fetches a staging to this machine: each file verified, and all of it under its name at once.
 * @throws Failure, also where something else has that name; what was fetched stays for the next time
 */
export async function downloadStaging(
  options: DownloadStaging,
  context: RegionsContext,
): Promise<Downloaded> {
  const { id, machine, regions, destination, onRegion, onProgress } = options;
  const found = await findStaging(regions, id, context.signal);
  const { from, why } = chooseRegion(found, machine, () => pricesOf(context.settings));
  const { region, read } = from;
  const { document } = read;
  onRegion(region.name, why);
  const path = resolve(destination ?? document.destination);
  return await withListPath(async (list) => {
    await fetchList({ region, document }, list, context);
    if (await isThere(path, document.kind, list)) return { document, path, wasThere: true };
    // The directory of its place may be a link, as of a mount.
    if (!existsSync(dirname(path))) await makeDirectory(dirname(path));
    const put = putting(fetching(region, context), document, onProgress);
    if (document.kind === "tree") await placeTree({ path, id, list, put, ...context.settings });
    else for await (const file of readList(list)) await put(file, { path, part: `${path}.part` });
    await counted(region, options, document.size_bytes);
    return { document, path, wasThere: false };
  });
}

async function counted(
  region: Region,
  { id, machine, onUncounted }: DownloadStaging,
  bytes: number,
): Promise<void> {
  const { instance, region: own = null } = machine;
  const use = { instance, region: own, at: new Date().toISOString(), bytes };
  await countUse(region, id, use).catch((error: unknown) => onUncounted(errorMessage(error)));
}

/** Puts files of a staging somewhere, and tells how far all of them are. */
function putting(
  fetch: Fetch,
  { staging_id, size_bytes }: StagingDocument,
  onProgress: DownloadStaging["onProgress"],
): Put {
  let whole = 0;
  const parts = new Map<string, number>();
  return async (file, target) => {
    const { path: name, bytes, compression } = file;
    const object = objectOf(file);
    const onBytes = (now: number) => {
      parts.set(name, compression === undefined ? now : Math.round((now / object.bytes) * bytes));
      onProgress(whole + [...parts.values()].reduce((sum, each) => sum + each, 0), size_bytes);
    };
    await fetch(`${staging_id}/${object.path}`, {
      target,
      sha256: object.sha256,
      bytes: object.bytes,
      file: compression === undefined ? undefined : file,
      onBytes,
    });
    parts.delete(name);
    whole += bytes;
  };
}
