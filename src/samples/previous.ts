import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { errorCode } from "../errors.ts";
import { nameFailure } from "../lake/errors.ts";
import { entryPath, linkEntry, removeEntry, renameEntry } from "../lake/held-directory.ts";
import { checkInPlace, type SamplePlace } from "./directory.ts";
import { nextTemporaryName } from "./temporary-name.ts";

/** The end of the name under which a sample is kept after a file changed its shape. */
const PREVIOUS = ".prev";
/** Bytes of the largest sample that is looked at again. */
const MAX_BYTES = 4 * 1024 * 1024;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** The name under which a sample's previous one is kept. */
export function previousName(name: string): string {
  return name + PREVIOUS;
}

/** The sample that has such a previous one; undefined for another name. */
export function sampleOfPrevious(name: string): string | undefined {
  return name.endsWith(PREVIOUS) ? name.slice(0, -PREVIOUS.length) : undefined;
}

/** The bytes of the sample that is at a place; undefined where there is none, or a large one. */
export function readSample({ folder, file }: SamplePlace): Uint8Array | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(entryPath(folder, file), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const found = fstatSync(fd);
    if (!found.isFile() || found.size > MAX_BYTES) return undefined;
    const bytes = Buffer.alloc(found.size);
    return bytes.subarray(0, readSync(fd, bytes));
  } catch (error) {
    if (/^(ENOENT|ELOOP|ENXIO)$/.test(errorCode(error) ?? "")) return undefined;
    throw nameFailure(error, `${folder.path}/${file}`);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Keeps a sample that is about to be replaced, in place of one that was kept before. It stays under
 * its own name meanwhile. Returns false where the file system has no second names, or none so long.
 * @throws Failure OUTPUT_UNWRITABLE
 */
export function keepSample({ folder, file }: SamplePlace): boolean {
  const temporary = nextTemporaryName();
  checkInPlace(folder);
  try {
    linkEntry(folder, file, temporary);
    try {
      renameEntry(folder, temporary, previousName(file));
    } catch (error) {
      removeEntry(folder, temporary);
      throw error;
    }
    return true;
  } catch (error) {
    const isRefused = /^(EPERM|ENOTSUP|EOPNOTSUPP|ENAMETOOLONG|EMLINK|ENOENT)$/;
    if (isRefused.test(errorCode(error) ?? "")) return false;
    throw nameFailure(error, `${folder.path}/${previousName(file)}`);
  }
}
