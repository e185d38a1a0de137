import { randomBytes } from "node:crypto";
import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errorCode, Failure } from "../errors.ts";
import { systemMessage } from "./errors.ts";
import { entryPath } from "./held-directory.ts";
import { makeState } from "./state-directory.ts";

const NAME = "key";
const KEY_BYTES = 32;
/** For nobody else: the cache, which the group may read, has what it seals. */
const MODE = 0o600;
const WRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;

/** The key of a state directory; undefined where there is none. @throws Failure CACHE_UNUSABLE */
export function readKey(state: string): Buffer | undefined {
  try {
    const key = readFileSync(join(state, NAME));
    return key.length === KEY_BYTES ? key : undefined;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw unusable(state, error);
  }
}

/**
 * The same; makes it where there is none. Only who holds the lock of the cache may.
 * @throws Failure CACHE_UNUSABLE
 */
export function makeKey(state: string): Buffer {
  const known = readKey(state);
  if (known !== undefined) return known;
  const key = randomBytes(KEY_BYTES);
  writeKey(state, key);
  return key;
}

/** Has a state directory have this key, which it shares with others. @throws Failure CACHE_UNUSABLE */
export function keepKey(state: string, key: Buffer): void {
  if (readKey(state)?.equals(key) !== true) writeKey(state, key);
}

function writeKey(state: string, key: Buffer): void {
  try {
    using held = makeState(state);
    const fd = openSync(entryPath(held, NAME), WRITE, MODE);
    try {
      writeSync(fd, key);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw unusable(state, error);
  }
}

function unusable(state: string, error: unknown): unknown {
  if (error instanceof Failure) return error;
  const message = `cannot use ${join(state, NAME)}: ${systemMessage(error)}`;
  return new Failure("CACHE_UNUSABLE", message, { cause: error });
}
