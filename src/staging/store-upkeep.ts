import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, errorMessage } from "../errors.ts";
import type { ListedFile, StoredFile } from "../store/staging-store.ts";
import { hashFile } from "../transfer/hash-file.ts";
import type { StagingContext } from "./context.ts";
import { storedPath } from "./store-directory.ts";

/** A file that was used this short a time ago stays: somebody may be about to link it; ms. */
const GRACE_MS = 600_000;
/** A partial file that nobody has gone on with for this long goes, ms. */
const PARTIAL_MS = 7 * 86_400_000;

/** Removes the least recently used files until the store has its size; returns those. @throws errno */
export async function pruneStore(
  { store, settings }: StagingContext,
  bytes = settings.storeBytes,
  now = Date.now(),
): Promise<readonly StoredFile[]> {
  const surplus = await store.files.surplus(bytes, now - GRACE_MS);
  if (surplus.length === 0) return [];
  for (const { sha256 } of surplus) await rm(storedPath(settings.store, sha256), { force: true });
  await store.files.remove(surplus.map(({ sha256 }) => sha256));
  return surplus;
}

/** A stored file after its bytes were read. */
export interface Verified extends ListedFile {
  readonly state: "whole" | "damaged" | "missing";
}

/**
 * Reads every byte of the store; damaged files are removed and forgotten, so that they are fetched
 * again. @throws errno where a file is there and cannot be read
 */
export async function* verifyStore({ store, settings }: StagingContext): AsyncGenerator<Verified> {
  for (const file of await store.files.list()) {
    const path = storedPath(settings.store, file.sha256);
    const state = await stateOf(path, file.sha256);
    if (state !== "whole") {
      await rm(path, { force: true });
      await store.files.remove([file.sha256]);
    }
    yield { ...file, state };
  }
}

async function stateOf(path: string, sha256: string): Promise<Verified["state"]> {
  try {
    return (await hashFile(path)) === sha256 ? "whole" : "damaged";
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "missing";
    throw error;
  }
}

/** Removes partial files that were left long ago. @throws errno */
export async function sweepPartials({ settings }: StagingContext, now = Date.now()): Promise<void> {
  const directory = join(settings.store, "partial");
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && now - found.mtimeMs > PARTIAL_MS) await rm(path, { force: true });
  }
}

/** Brings the store to its size; one that cannot be is reported, and stops nobody. */
export async function tryToPrune(context: StagingContext): Promise<void> {
  try {
    await pruneStore(context);
  } catch (error) {
    const directory = context.settings.store;
    context.onEvent({ type: "not-cleaned-up", directory, message: errorMessage(error) });
  }
}
