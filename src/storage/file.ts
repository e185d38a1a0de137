import { constants, createReadStream } from "node:fs";
import { copyFile, type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { errorCode, Failure } from "../errors.ts";
import { entriesBelow } from "../lake/entries-below.ts";
import { outputFailure, systemMessage } from "../lake/errors.ts";
import { isAbsence } from "../lake/roots.ts";
import { makeOwnDirectory } from "../lake/state-directory.ts";
import { locationBelow } from "./location.ts";
import { none } from "./replies.ts";
import type { ListedFile, ReadRequest, Reply, Storage, WriteRequest } from "./types.ts";

const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
const CHUNK_BYTES = 256 * 1024;

/** Files of this machine. */
export const file: Storage = { protocols: ["file:"], read, write, list };

/** A copy under another name first: nobody sees half of it; never in a dataset. */
async function write(url: URL, { path }: WriteRequest): Promise<void> {
  const target = fileURLToPath(url);
  const unfinished = `${target}.${process.pid}.part`;
  try {
    makeOwnDirectory(dirname(target), "output");
    await copyFile(path, unfinished, constants.COPYFILE_FICLONE);
    const handle = await open(unfinished, "r");
    await handle.sync().finally(() => handle.close());
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw outputFailure(error, target);
  }
}

/** Links and what is no file are listed, too: reading them says what they are. */
async function* list(url: URL): AsyncGenerator<ListedFile, void, void> {
  for await (const { path } of entriesBelow(fileURLToPath(url)))
    yield { path, location: locationBelow(url, path) };
}

async function read(url: URL, request: ReadRequest): Promise<Reply> {
  const { version, unless, signal } = request;
  signal.throwIfAborted();
  const path = fileURLToPath(url);
  const handle = await opened(path);
  const found = await versionOf(handle);
  const isSame = version === undefined || found.version === version;
  const hasPart = isSame && request.start <= found.size;
  const start = hasPart ? request.start : 0;
  const end = hasPart ? request.end : undefined;
  const isUnchanged = unless === found.version;
  if (isUnchanged) await handle.close();
  return {
    start,
    isUnchanged,
    hasRanges: true,
    ...found,
    offered: {},
    encoding: undefined,
    chunks: isUnchanged ? none() : chunksOf(path, handle, { start, end, signal, ...found }),
    close: () => void handle.close().catch(() => {}),
  };
}

async function opened(path: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  } catch (error) {
    const code = isAbsence(error) ? "FILE_MISSING" : "FILE_UNREADABLE";
    throw new Failure(code, `${path}: ${systemMessage(error)}`, { cause: error });
  }
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new Failure("FILE_UNREADABLE", `${path}: not a regular file`);
}

async function versionOf(
  handle: FileHandle,
): Promise<{ readonly size: number; readonly version: string }> {
  const { ino, size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true });
  return { size: Number(size), version: `${ino}:${size}:${mtimeNs}:${ctimeNs}` };
}

async function* chunksOf(
  path: string,
  handle: FileHandle,
  {
    start,
    end = Infinity,
    version,
    signal,
  }: Omit<ReadRequest, "stallMs"> & { readonly version: string },
): AsyncGenerator<Uint8Array, void, void> {
  try {
    if (start >= end) return;
    const options = { start, end: end - 1, highWaterMark: CHUNK_BYTES, autoClose: false };
    for await (const chunk of createReadStream(path, { ...options, fd: handle })) {
      signal.throwIfAborted();
      yield chunk as Uint8Array;
    }
    if ((await versionOf(handle)).version === version) return;
    throw new Failure("FILE_CHANGED", `${path} changed while it was read`);
  } catch (error) {
    const isOther = signal.aborted || error instanceof Failure || errorCode(error) === undefined;
    if (isOther) throw error;
    throw new Failure("FILE_UNREADABLE", `${path}: ${systemMessage(error)}`, { cause: error });
  } finally {
    await handle.close();
  }
}
