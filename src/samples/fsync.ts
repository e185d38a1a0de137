import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode, Failure } from "../errors.ts";
import { entryPath, type HeldDirectory } from "../lake/held-directory.ts";
import { findPlace, ownRecords, type SamplePlace } from "./directory.ts";

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/**
 * Brings samples (names below `samples`), their directories and the receipts to stable storage, one
 * after the other. Returns the names of those that could not be written. A sample that is gone was
 * removed by somebody, on purpose.
 * @throws errno where that cannot be found out: nothing is known to be synced then
 */
export async function syncSamples(
  samples: HeldDirectory,
  names: Iterable<string>,
): Promise<Set<string>> {
  const lost = new Set<string>();
  const directories = new Set<string>();
  for (const name of new Set(names)) {
    using place = placeOf(samples, name);
    if (place !== undefined && (await syncEntry(place)) === "lost") lost.add(name);
    for (let path = dirname(name); path !== "."; path = dirname(path)) directories.add(path);
  }
  for (const path of directories) {
    using place = placeOf(samples, path);
    if (place !== undefined) await syncEntry(place);
  }
  await syncEntry({ folder: samples, file: "." });
  await syncEntry({ folder: samples, file: ownRecords(samples, "receipts") });
  return lost;
}

/** The place of a sample; undefined behind a link, where nothing is ours. */
function placeOf(samples: HeldDirectory, name: string): SamplePlace | undefined {
  try {
    return findPlace(samples, name);
  } catch (error) {
    if (error instanceof Failure && error.code === "PATH_REFUSED") return undefined;
    throw error;
  }
}

async function syncEntry({
  folder,
  file,
}: Pick<SamplePlace, "folder" | "file">): Promise<"synced" | "gone" | "lost"> {
  const path = entryPath(folder, file);
  const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) => {
    if (/^(ENOENT|ENOTDIR|ELOOP|ENXIO)$/.test(errorCode(error) ?? "")) return undefined;
    throw error;
  });
  if (handle === undefined) return "gone";
  try {
    await handle.sync();
    return "synced";
  } catch {
    // The kernel tells this once and forgets the pages: a second try would seem to succeed.
    return "lost";
  } finally {
    await handle.close();
  }
}
