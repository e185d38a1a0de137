import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode } from "../errors.ts";
import { receiptsPath } from "./receipts.ts";

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/**
 * Brings samples (names below `samples`), their directories and the receipts to stable storage, one
 * after the other. Returns the names of those that could not be written. One that is gone was
 * removed by somebody, who will know why.
 * @throws errno, when it cannot be told: nothing is known to be synced then
 */
export async function syncSamples(samples: string, names: Iterable<string>): Promise<Set<string>> {
  const lost = new Set<string>();
  const directories = new Set<string>();
  for (const name of new Set(names)) {
    if ((await syncPath(join(samples, name))) === "lost") lost.add(name);
    for (let path = dirname(name); path !== "."; path = dirname(path)) directories.add(path);
  }
  for (const path of [...directories, "."]) await syncPath(join(samples, path));
  await syncPath(receiptsPath(samples));
  return lost;
}

async function syncPath(path: string): Promise<"synced" | "gone" | "lost"> {
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
