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
  const temporary = temporaryBeside(path);
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

/** A file that is written piece by piece, and is there once it is whole. */
export interface GrowingFile {
  write(text: string): void;
  /** Puts it under its name, in place of one that is there. */
  finish(): void;
  /** Removes it, where it is not finished. */
  [Symbol.dispose](): void;
}

/** Begins a file. @throws Failure OUTPUT_FULL or OUTPUT_UNWRITABLE, also when it is written to */
export function beginOut(path: string): GrowingFile {
  const temporary = temporaryBeside(path);
  const tried = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw outputFailure(error, path);
    }
  };
  const fd = tried(() => openSync(pathBytes(temporary), "wx", FILE_MODE));
  let isOpen = true;
  return {
    write: (text) => tried(() => writeAll(fd, Buffer.from(text))),
    finish() {
      tried(() => {
        fsyncSync(fd);
        renameSync(pathBytes(temporary), pathBytes(path));
      });
    },
    [Symbol.dispose]() {
      if (isOpen) closeSync(fd);
      isOpen = false;
      rmSync(pathBytes(temporary), { force: true });
    },
  };
}

function temporaryBeside(path: string): string {
  return join(dirname(path), `.ss-${randomBytes(8).toString("hex")}.tmp`);
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
    writeAll(fd, bytes);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
}
