import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode, Failure } from "../../errors.ts";
import { pathBytes } from "../../lib/pep383.ts";
import { outputFailure } from "../../lake/errors.ts";

const FILE_MODE = 0o640;

/**
 * Writes a file as a whole or not at all. A file that is there already stays, unless it is to be
 * replaced.
 * @throws Failure USAGE where there is one; OUTPUT_FULL or OUTPUT_UNWRITABLE
 */
export function writeOut(path: string, bytes: Uint8Array, replaces: boolean): void {
  const temporary = join(dirname(path), `.ss-${randomBytes(8).toString("hex")}.tmp`);
  try {
    write(temporary, bytes);
    if (!replaces) claim(temporary, path);
    renameSync(pathBytes(temporary), pathBytes(path));
  } catch (error) {
    if (errorCode(error) === "EEXIST") {
      throw new Failure("USAGE", `${path} is there already; --force replaces it`, { cause: error });
    }
    throw outputFailure(error, path);
  } finally {
    rmSync(pathBytes(temporary), { force: true });
  }
}

/**
 * Takes the name, and fails where there is such a file already: with a link where links can be
 * made.
 */
function claim(temporary: string, path: string): void {
  try {
    linkSync(pathBytes(temporary), pathBytes(path));
  } catch (error) {
    if (!/^(EPERM|ENOSYS|ENOTSUP|EOPNOTSUPP)$/.test(errorCode(error) ?? "")) throw error;
    closeSync(openSync(pathBytes(path), "wx", FILE_MODE));
  }
}

function write(path: string, bytes: Uint8Array): void {
  const fd = openSync(pathBytes(path), "wx", FILE_MODE);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
