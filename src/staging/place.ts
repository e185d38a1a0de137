import { constants, linkSync } from "node:fs";
import { chmod, copyFile, link } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "../errors.ts";
import { isRemote } from "../lake/remote.ts";

const { COPYFILE_FICLONE_FORCE, COPYFILE_EXCL } = constants;
const READ_ONLY = 0o440;
const WRITABLE = 0o640;

/**
 * Gives a stored file another name: a reflink where the file system can, else a hard link, else a
 * copy. One that is to be written never shares its bytes with the store. @throws errno
 */
export type PlaceStored = (
  from: string,
  to: string,
  options: { readonly writable: boolean },
) => Promise<void>;

/** Makes the function that places files in one directory: it learns whether there are reflinks. */
export function createPlaceStored(): PlaceStored {
  let hasReflinks = true;
  return async (from, to, { writable }) => {
    const isReflink = hasReflinks && (await reflink(from, to));
    if (isReflink) return await chmod(to, writable ? WRITABLE : READ_ONLY);
    hasReflinks = false;
    if (!writable && (await hardLink(from, to))) return;
    await copyFile(from, to, COPYFILE_EXCL);
    await chmod(to, writable ? WRITABLE : READ_ONLY);
  };
}

/** Copies without copying bytes; false where the file system cannot. */
async function reflink(from: string, to: string): Promise<boolean> {
  return await canBe(() => copyFile(from, to, COPYFILE_FICLONE_FORCE | COPYFILE_EXCL));
}

/**
 * Links a file; false where the file system cannot. The kernel also says ENOENT where the file was
 * replaced by the same bytes, stored by another transfer, while it was linked: nearly always the
 * second try gets it, and a copy does where even that does not. A copy says if it is not there at all.
 */
async function hardLink(from: string, to: string): Promise<boolean> {
  for (let tries = 0; tries < 2; tries += 1) {
    try {
      return await canBe(() => (isRemote(dirname(to)) ? link(from, to) : linkHere(from, to)));
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
  }
  return false;
}

/** On a disk of this machine a link takes microseconds, and a thread's help takes longer. */
async function linkHere(from: string, to: string): Promise<void> {
  linkSync(from, to);
}

/** Errors of a file system that has no such thing, and of two that are not the same one. */
const CANNOT = /^(ENOTSUP|EOPNOTSUPP|EXDEV|EINVAL|ENOSYS|ENOTTY|EPERM|EMLINK|EACCES)$/;

async function canBe(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (CANNOT.test(errorCode(error) ?? "")) return false;
    throw error;
  }
}
