import { Failure } from "../errors.ts";
import { keyOf } from "../storage/identity.ts";
import { redacted } from "../storage/location.ts";
import type { StoredObject } from "../store/staging-store.ts";
import type { Staged, StagingContext, Wanted } from "./context.ts";
import { isStored, storedPath } from "./store-directory.ts";

/** The file that the store has of an object, as far as it agrees with what is wanted. */
export async function storedObject(
  { url, sha256, bytes }: Wanted,
  { store, settings }: StagingContext,
): Promise<StoredObject | undefined> {
  const found = await store.files.ofObject(keyOf(url));
  if (found === undefined) return undefined;
  const isWanted =
    (sha256 ?? found.sha256) === found.sha256 && (bytes ?? found.bytes) === found.bytes;
  const isThere = isWanted && (await isStored(settings.store, found.sha256, found.bytes));
  return isThere ? found : undefined;
}

/** The file that has the wanted hash: there is no need to ask for the object. */
export async function storedWithHash(
  { sha256, bytes }: Wanted,
  { store, settings }: StagingContext,
): Promise<Staged | undefined> {
  if (sha256 === undefined) return undefined;
  const file = await store.files.withHash(sha256);
  if (file === undefined || !(await isStored(settings.store, sha256, file.bytes))) return undefined;
  if (bytes !== undefined && bytes !== file.bytes) return undefined;
  await store.files.touch([sha256], Date.now());
  return { path: storedPath(settings.store, sha256), ...file, verified: true, from: "store" };
}

/** The file that is here, whatever has become of the object since. @throws Failure FILE_MISSING */
export async function storedAlready(wanted: Wanted, context: StagingContext): Promise<Staged> {
  const byHash = await storedWithHash(wanted, context);
  if (byHash !== undefined) return byHash;
  const found = await storedObject(wanted, context);
  if (found !== undefined) return await used(found, context);
  throw new Failure("FILE_MISSING", `${redacted(wanted.url)} is not staged`);
}

/** Notes that a stored file is used. */
export async function used(found: StoredObject, context: StagingContext): Promise<Staged> {
  await context.store.files.touch([found.sha256], Date.now());
  return stagedFrom(found, context, "store");
}

/** A stored file as it is handed out. */
export function stagedFrom(
  { sha256, bytes, verified, encoding }: StoredObject,
  { settings }: StagingContext,
  from: Staged["from"],
): Staged {
  return { path: storedPath(settings.store, sha256), bytes, sha256, verified, encoding, from };
}
