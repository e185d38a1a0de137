import { createSecretKey, type KeyObject } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { errorMessage, Failure } from "../errors.ts";

const LEAST_BYTES = 32;
const MOST_BYTES = 64 * 1024;
/** Bits of a mode that are more than its owner's right to read. */
const TOO_OPEN = 0o377;
/** The same without the group's right to read: systemd shows the right of an ACL as that. */
const TOO_OPEN_CREDENTIAL = 0o337;

/**
 * Reads the key of a mask. Nothing but the key object has its bytes afterwards: it cannot be logged
 * or sent to another thread by mistake. A file of `$CREDENTIALS_DIRECTORY` may be readable for its
 * group.
 * @throws Failure CONFIG_INVALID where it cannot be read, is too short, or others may read it
 */
export function readMaskKey(path: string): KeyObject {
  const bytes = readPrivate(path);
  try {
    return createSecretKey(bytes);
  } finally {
    bytes.fill(0);
  }
}

function readPrivate(path: string): Buffer {
  let fd: number | undefined;
  try {
    // A FIFO must not stop us.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { mode, size } = fstatSync(fd);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw refused(path, "is no regular file");
    if ((mode & tooOpen(path)) !== 0)
      throw refused(path, `has mode ${(mode & 0o777).toString(8)}: chmod 0400 it`);
    if (size < LEAST_BYTES) throw refused(path, `has ${size} bytes: it takes ${LEAST_BYTES}`);
    if (size > MOST_BYTES) throw refused(path, `has ${size} bytes: that is no key`);
    return readFileSync(fd);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("CONFIG_INVALID", `mask.key: ${errorMessage(error)}`, { cause: error });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function tooOpen(path: string): number {
  const credentials = process.env["CREDENTIALS_DIRECTORY"];
  const isCredential = credentials !== undefined && path.startsWith(`${credentials}/`);
  return isCredential ? TOO_OPEN_CREDENTIAL : TOO_OPEN;
}

function refused(path: string, why: string): Failure {
  return new Failure("CONFIG_INVALID", `mask.key: ${path} ${why}`);
}
