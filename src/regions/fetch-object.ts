import { Failure } from "../errors.ts";
import { locationOf } from "../storage/location.ts";
import { download } from "../transfer/download.ts";
import { limitsOf } from "../transfer/limits-of.ts";
import { createRateLimit } from "../transfer/rate.ts";
import { createCollector } from "../workers/collect-garbage.ts";
import type { Whole } from "./copy-region.ts";
import { FILES } from "./document.ts";
import type { Target } from "./place-tree.ts";
import type { Region, RegionsContext } from "./region.ts";

/** An object that is to become a file. */
export interface Fetched {
  readonly target: Target;
  readonly sha256: string;
  readonly bytes?: number;
  /** The file that is compressed in it, where that is wanted. */
  readonly file?: { readonly bytes: number; readonly sha256: string } | undefined;
  /** Told how many bytes are there. */
  readonly onBytes: (bytes: number) => void;
}

/** Fetches an object into a file. @throws as `download` */
export type Fetch = (key: string, what: Fetched) => Promise<void>;

const FILE_MODE = 0o640;

/** Chunks of objects are new buffers each time. */
const collectGarbage = createCollector();

/** Fetches objects of a region into files. */
export function fetching(
  { bucket, storages }: Region,
  { settings, signal }: RegionsContext,
): Fetch {
  const limits = limitsOf({ settings, rate: createRateLimit(settings.bytesPerSecond) });
  return async (key, { target, sha256, bytes, file, onBytes }) => {
    const location = `s3://${bucket.name}/${key}`;
    await download(locationOf(location), {
      storages,
      part: target.part,
      target(found) {
        if (file === undefined || found === file.sha256) return target.path;
        throw new Failure("CHECKSUM_MISMATCH", `${location} has another file in it`);
      },
      mode: FILE_MODE,
      sha256,
      bytes,
      ...limits,
      ...(file === undefined ? {} : unpacking(file.bytes, limits.maxBytes)),
      signal,
      onProgress(now) {
        collectGarbage();
        onBytes(now);
      },
    });
  };
}

/** Options of unpacking: its result's size is known, so that no ratio tells anything. */
function unpacking(bytes: number, maxBytes = Infinity) {
  return { decompress: true, ratio: Infinity, maxBytes: Math.min(bytes, maxBytes) };
}

/** Fetches the list of a staging's files. @throws as `download` */
export async function fetchList(
  { region, document }: Whole,
  list: string,
  context: RegionsContext,
): Promise<void> {
  const { staging_id: id, files_sha256: sha256 } = document;
  if (sha256 === null)
    throw new Failure("FORMAT_INVALID", `${id}: ${region.name} does not say what its list is`);
  const target = { path: list, part: `${list}.part` };
  await fetching(region, context)(`${id}/${FILES}`, { target, sha256, onBytes: () => {} });
}
