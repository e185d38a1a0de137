import { createHash } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open, readdir } from "node:fs/promises";
import { errorCode, Failure } from "../errors.ts";
import { entryPath, type HeldDirectory } from "../lake/held-directory.ts";
import { readRange } from "../lib/read-range.ts";
import type { Checkpoint } from "./types.ts";
import { ACTIVE, isCompressed, isGeneration, oldestFirst, withoutTwins } from "./generations.ts";

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
const CHUNK_BYTES = 256 * 1024;
/**
 * Bytes of what was read that are remembered, as a hash, to know a file again. More than the last
 * line as a rule: the ends of lines may be much the same in all of them.
 */
const HASHED_BYTES = 4096;

/** Yields the content of a compressed file. @throws Failure FORMAT_INVALID where it is damaged */
export type Decompress = (file: {
  readonly name: string;
  readonly size: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}) => AsyncIterable<Uint8Array>;

/** One file of a manifest: the active one, or one that was rotated away. */
export interface ManifestFile {
  /** Name in the manifests directory. */
  readonly path: string;
  /** As `fileId` gives it. */
  readonly id: string;
  /** Bytes, when it was looked at. */
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/**
 * The identity of a file, together with its bytes: its inode. The device's number is no part of it:
 * it changes when a network mount is made again, and on another host.
 */
export function fileId({ ino }: Pick<Stats, "ino">): string {
  return String(ino);
}

/** The active file of a manifests directory, or undefined. @throws errno of anything but absence. */
export async function activeFile(directory: HeldDirectory): Promise<ManifestFile | undefined> {
  return fileOf(entryPath(directory, ACTIVE), directory.path, ACTIVE);
}

/**
 * The active file below a directory that is not held: enough to see whether it changed.
 * @throws errno of anything but absence
 */
export async function activeFileBelow(path: string): Promise<ManifestFile | undefined> {
  return fileOf(`${path}/${ACTIVE}`, path, ACTIVE);
}

/** The rotated files of a manifests directory. */
export interface Rotated {
  /** Oldest first. */
  readonly files: readonly ManifestFile[];
  /** Names that look like those of generations but are not regular files: they are not read. */
  readonly skipped: readonly string[];
}

/** The files that were rotated away and are still there. @throws errno */
export async function rotatedFiles(directory: HeldDirectory): Promise<Rotated> {
  const names = (await readdir(entryPath(directory))).filter(isGeneration);
  const skipped: string[] = [];
  const looks = names.map((name) =>
    fileOf(entryPath(directory, name), directory.path, name).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error;
      skipped.push(name);
      return undefined;
    }),
  );
  const files = (await Promise.all(looks)).filter((file) => file !== undefined);
  return { files: oldestFirst(withoutTwins(files)), skipped: skipped.toSorted() };
}

/**
 * Opens a manifest file that was looked at before, and has not become another one since.
 * @throws errno, ENOENT also where another file has its name now; Failure MANIFEST_UNREADABLE
 */
export async function openManifest(
  directory: HeldDirectory,
  { path, id }: Pick<ManifestFile, "path" | "id">,
): Promise<FileHandle> {
  const handle = await open(entryPath(directory, path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  const found = await handle.stat();
  if (found.isFile() && fileId(found) === id) return handle;
  await handle.close();
  const whole = `${directory.path}/${path}`;
  if (!found.isFile()) throw new Failure("MANIFEST_UNREADABLE", `${whole} is no regular file`);
  // Between a plan and its last file others may have had their turn, and the files been rotated.
  throw Object.assign(new Error(`${whole} is another file by now`), { code: "ENOENT" });
}

/** True when a file's bytes before `offset` are those that were read there before. */
export async function isSameFile(
  directory: HeldDirectory,
  file: ManifestFile,
  { offset, hash }: { readonly offset: number; readonly hash: string },
): Promise<boolean> {
  if (offset === 0) return true;
  const handle = await openManifest(directory, file);
  try {
    return (await hashBefore(handle, offset)) === hash;
  } finally {
    await handle.close();
  }
}

/** SHA-256 (hex) of the 4 KiB before an offset, fewer at the start of the file. */
export async function hashBefore(handle: FileHandle, offset: number): Promise<string> {
  const bytes = await readRange(handle, Math.max(0, offset - HASHED_BYTES), offset);
  return createHash("sha256").update(bytes).digest("hex");
}

/** The checkpoint of a compressed generation that was read whole: after its compressed bytes. */
export async function checkpointAfter(
  directory: HeldDirectory,
  file: ManifestFile,
): Promise<Checkpoint> {
  const handle = await openManifest(directory, file);
  try {
    const hash = await hashBefore(handle, file.size);
    return { file: file.id, path: file.path, offset: file.size, line: 0, hash, retiredAt: null };
  } finally {
    await handle.close();
  }
}

/**
 * Yields a file from an offset to the size it had when it was looked at, in chunks of at most 256
 * KiB.
 * @throws errno; Failure FORMAT_INVALID where a compressed file is damaged
 */
export async function* readFrom(
  handle: FileHandle,
  file: ManifestFile,
  offset: number,
  decompress: Decompress,
): AsyncGenerator<Uint8Array, void, void> {
  if (offset >= file.size) return;
  const chunks = plainBytes(handle, file, offset);
  const { path: name, size } = file;
  yield* isCompressed(file) ? cut(decompress({ name, size, chunks })) : chunks;
}

/** The same bytes in chunks that are not too large; none is held back, since damage may follow. */
async function* cut(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += CHUNK_BYTES) {
      yield chunk.subarray(at, at + CHUNK_BYTES);
    }
  }
}

async function* plainBytes(
  handle: FileHandle,
  { size }: ManifestFile,
  offset: number,
): AsyncGenerator<Uint8Array, void, void> {
  for (let at = offset; at < size;) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - at));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) return;
    yield chunk.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/**
 * Stats a manifest file: `whole` is a path that leads to it, `directory` the one that people know.
 */
async function fileOf(
  whole: string,
  directory: string,
  path: string,
): Promise<ManifestFile | undefined> {
  let found: Stats;
  try {
    found = await lstat(whole);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  if (!found.isFile()) {
    const message = `${directory}/${path} is no regular file, and is not read`;
    throw new Failure("MANIFEST_UNREADABLE", message);
  }
  const { size, mtimeMs, ctimeMs } = found;
  return { path, id: fileId(found), size, mtimeMs, ctimeMs };
}
