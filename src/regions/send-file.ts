import { createHash } from "node:crypto";
import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { errorMessage, Failure } from "../errors.ts";
import type { SendOptions, Sent, SourceBytes } from "./sending.ts";
import { sendSource } from "./send-source.ts";

/**
 * Sends a file; its hash is computed while it is read, once.
 * @throws Failure FILE_CHANGED, FILE_MISSING, FILE_UNREADABLE, and what the bucket says
 */
export async function sendFile(path: string, key: string, options: SendOptions): Promise<Sent> {
  const file = await opened(path);
  try {
    const sent = await sendSource(await sourceOf(file, path, key), options);
    // What is there is of another file: nothing of it is of use.
    return sent ?? (await sendFile(path, key, { ...options, isAgain: false }));
  } finally {
    await file.close();
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new Failure("FILE_UNREADABLE", `${path}: ${errorMessage(error)}`, { cause: error });
  }
}

async function sourceOf(file: FileHandle, path: string, key: string): Promise<SourceBytes> {
  const before = await file.stat({ bigint: true });
  if (!before.isFile()) throw changed(path);
  return {
    name: path,
    key,
    size: Number(before.size),
    sha256: createHash("sha256"),
    async fill(buffer, at) {
      for (let done = 0; done < buffer.length;) {
        const { bytesRead } = await file.read(buffer, done, buffer.length - done, at + done);
        if (bytesRead === 0) throw changed(path);
        done += bytesRead;
      }
    },
    async checkUnchanged() {
      if (versionOf(await file.stat({ bigint: true })) !== versionOf(before)) throw changed(path);
    },
  };
}

function versionOf({ size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${size} ${mtimeNs} ${ctimeNs}`;
}

function changed(path: string): Failure {
  return new Failure("FILE_CHANGED", `${path} changed while it was read`);
}
