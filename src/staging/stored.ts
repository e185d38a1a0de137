import { Failure } from "../errors.ts";
import { redacted } from "../storage/location.ts";
import type { StoredObject } from "../store/staging-store.ts";
import type { Staged, StagingContext, Wanted } from "./context.ts";
import { isStored, storedPath } from "./store-directory.ts";
import { objectKey } from "./wanted.ts";

/** The file that the store has of an object, as far as it agrees with what is wanted. */
export async function storedObject(
  wanted: Wanted,
  { store, settings }: StagingContext,
): Promise<StoredObject | undefined> {
  const found = await store.files.ofObject(objectKey(wanted));
  if (found === undefined) return undefined;
  const { sha256, bytes } = wanted;
  const sent = found.encoded ?? found;
  const isWanted = (sha256 ?? sent.sha256) === sent.sha256 && (bytes ?? sent.bytes) === sent.bytes;
  const isThere = isWanted && (await isStored(settings.store, found.sha256, found.bytes));
  return isThere ? found : undefined;
}

/** The file that has the wanted hash: there is no need to ask for the object. */
export async function storedWithHash(
  { sha256, bytes, decompress = false }: Wanted,
  { store, settings }: StagingContext,
): Promise<Staged | undefined> {
  // The hash is of what is sent: a decompressed file has another one.
  if (sha256 === undefined || decompress) return undefined;
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
  { sha256, bytes, verified, encoding, encoded }: StoredObject,
  { settings }: StagingContext,
  from: Staged["from"],
): Staged {
  return {
    path: storedPath(settings.store, sha256),
    bytes,
    sha256,
    verified,
    encoding,
    encoded,
    from,
  };
}
