import { constants, existsSync } from "node:fs";
import {
  chmod,
  copyFile,
  mkdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { errorCode, Failure } from "../errors.ts";
import { outputFailure } from "../lake/errors.ts";
import { makeOwnDirectory } from "../lake/state-directory.ts";
import { hashFile } from "../transfer/hash-file.ts";

const NS_PER_S = 1_000_000_000n;

/** The path of a staged file in the store's directory. */
export function storedPath(store: string, sha256: string): string {
  return `${store}/sha256/${sha256.slice(0, 2)}/${sha256}`;
}

/** The path of a file while it is transferred: one for each who transfers it. */
export function partialPath(store: string, key: string, token: string): string {
  return `${store}/partial/${key}.${token}.part`;
}

/**
 * True where the store has these bytes. A run's command may have written through its link: a file whose
 * mtime is no whole second, as it has when it is stored, is read.
 */
export async function isStored(store: string, sha256: string, bytes: number): Promise<boolean> {
  const path = storedPath(store, sha256);
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (found?.isFile() !== true || Number(found.size) !== bytes) return false;
  if (found.mtimeNs % NS_PER_S === 0n) return true;
  if ((await hashFile(path).catch(() => undefined)) !== sha256) return false;
  const s = Number(found.mtimeNs / NS_PER_S);
  // Of another user's store it is read again the next time.
  await utimes(path, s, s).catch(() => undefined);
  return true;
}

/**
 * Makes the directories of the store, all that there can be.
 * @throws Failure CONFIG_INVALID, OUTPUT_FULL, OUTPUT_UNWRITABLE
 */
export async function makeStoreDirectories(store: string): Promise<void> {
  const options = { recursive: true, mode: 0o750 };
  try {
    // Each may be a link of its own.
    for (const name of ["", "partial", "sha256"])
      makeOwnDirectory(join(store, name), "staging.store");
    for (let byte = 0; byte < 256; byte += 1)
      await mkdir(join(store, "sha256", byte.toString(16).padStart(2, "0")), options);
  } catch (error) {
    throw error instanceof Failure ? error : outputFailure(error, store);
  }
}

/** Makes them again where somebody has removed the store meanwhile. @throws as `makeStoreDirectories` */
export async function remakeStore(store: string): Promise<void> {
  if (!existsSync(join(store, "partial"))) await makeStoreDirectories(store);
}

/** Removes a partial file and its journal. @throws errno */
export async function removePartial(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(`${part}.json`, { force: true });
}

/**
 * Hands on what another one has fetched. One that may still be writing keeps its file, and the new one
 * gets a copy, which shares the blocks where the file system can.
 * @throws errno
 */
export async function adoptPartial(
  from: string,
  to: string,
  { isGone }: { readonly isGone: boolean },
): Promise<void> {
  try {
    // Before the bytes: it must not say more than there is.
    const journal = JSON.parse(await readFile(`${from}.json`, "utf8")) as object;
    if (isGone) await rename(from, to);
    else await copyFile(from, to, constants.COPYFILE_FICLONE);
    await chmod(to, 0o600);
    const free = JSON.stringify({ ...journal, owner: undefined });
    await writeFile(`${to}.json`, free, { mode: 0o600 });
    await rm(`${from}.json`, { force: true });
  } catch (error) {
    // Without a journal it is of no use: all is fetched from the beginning then.
    await rm(to, { force: true });
    if (errorCode(error) !== "ENOENT" && !(error instanceof SyntaxError)) throw error;
  }
}
