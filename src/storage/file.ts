import { constants, createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { errorCode, Failure } from "../errors.ts";
import { systemMessage } from "../lake/errors.ts";
import { isAbsence } from "../lake/roots.ts";
import type { ReadRequest, Reply, Storage } from "./types.ts";

const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
const CHUNK_BYTES = 256 * 1024;

/** Files of this machine. */
export const file: Storage = { protocols: ["file:"], read };

async function read(url: URL, { start, version }: ReadRequest): Promise<Reply> {
  const path = fileURLToPath(url);
  const handle = await opened(path);
  const found = await versionOf(handle);
  const from = found.version === version ? start : 0;
  return {
    start: from,
    ...found,
    offered: {},
    encoding: undefined,
    chunks: chunksOf(path, handle, { from, ...found }),
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
  { from, version }: { readonly from: number; readonly version: string },
): AsyncGenerator<Uint8Array, void, void> {
  try {
    const options = { start: from, highWaterMark: CHUNK_BYTES, autoClose: false };
    for await (const chunk of createReadStream(path, { ...options, fd: handle }))
      yield chunk as Uint8Array;
    if ((await versionOf(handle)).version === version) return;
    throw new Failure("FILE_CHANGED", `${path} changed while it was read`);
  } catch (error) {
    if (error instanceof Failure || errorCode(error) === undefined) throw error;
    throw new Failure("FILE_UNREADABLE", `${path}: ${systemMessage(error)}`, { cause: error });
  } finally {
    await handle.close();
  }
}
