import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  statSync,
} from "node:fs";
import { isAbsolute, join } from "node:path";
import { systemMessage } from "./errors.ts";
import {
  closeRead,
  type FileRoots,
  findPlain,
  findUnlinked,
  findWithin,
  type FoundFile,
  refused,
} from "./found-file.ts";
import { type HeldDirectory, realPath } from "./held-directory.ts";
import { isOnRemote } from "./remote.ts";
import { isAbsence } from "./roots.ts";
import { O_PATH } from "../system/system-calls.ts";
import { errorCode, Failure, type FailureCode } from "../errors.ts";
import { breathe } from "../lib/breathe.ts";
import { pathBelow } from "../lib/path-below.ts";
import { pathBytes } from "../lib/pep383.ts";
import { HEAD_BYTES, type Source } from "../lib/source.ts";

const CHUNK_BYTES = 256 * 1024;
/** Matches a path with a part that is empty, `.` or `..`. */
const UNCLEAR = /(?:^|\/)\.{0,2}(?:\/|$)/;
const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;

/** A local file, open for reading, that remembers what it was when it was opened. */
export interface LocalFile extends Source {
  readonly size: number;
  readonly mtime: number;
  readonly inode: string;
  head(): Uint8Array;
  /** Bytes read so far. */
  readBytes(): number;
  /**
   * True while its path still leads to the file that was opened, unchanged.
   * @throws Failure FILE_UNREADABLE when that cannot be seen
   */
  isUnchanged(): boolean;
  /**
   * The same for a file that may be moved away: also true where nothing is at its path any more,
   * and what was opened is as it was. @throws as `isUnchanged`
   */
  isWhole(): boolean;
  close(): void;
}

/** Options of `openLocalFile`: where the file may lie, and what may be read of it. */
export interface OpenOptions extends FileRoots {
  /** Its name as its producer knew it; decides the format. */
  readonly name: string;
  /** Bytes that may be read. */
  readonly readBytes: number;
  readonly signal: AbortSignal;
  /** Memory for the first HEAD_BYTES, until the file is closed. */
  readonly memory: Buffer;
}

/**
 * Opens a regular file below one of the roots, following links only as far as they stay there. It
 * is found first, judged, and only then opened: a device or a FIFO never is.
 * Calls the file system synchronously: it is used in threads, where that is twice as cheap.
 * @param path absolute, possibly with surrogate escapes (PEP 383).
 * @throws Failure PATH_REFUSED, FILE_MISSING or FILE_UNREADABLE; while reading also
 * LIMIT_EXCEEDED, and the signal's reason once it is aborted.
 */
export function openLocalFile(path: string, options: OpenOptions): LocalFile {
  return openFound(path, options, () => findWithin(path, options));
}

/**
 * The same for a path that a manifest names. A path below the dataset is opened from its held
 * directory; where no link is on the way, the kernel makes sure that it stays there.
 */
export function openBronze(
  directory: HeldDirectory,
  bronze: string,
  options: OpenOptions,
): LocalFile {
  const path = bronzePath(directory.path, bronze);
  const below = `${directory.path}/`;
  if (!path.startsWith(below)) return openLocalFile(path, options);
  const find = () => findPlain(directory, path.slice(below.length)) ?? findWithin(path, options);
  return openFound(path, options, find);
}

/** The same for a raw file that was found by looking: no link may lead to it. */
export function openRaw(directory: HeldDirectory, raw: string, options: OpenOptions): LocalFile {
  const path = bronzePath(directory.path, raw);
  const below = `${directory.path}/`;
  if (!path.startsWith(below))
    return openFound(path, options, () => findUnlinked(path, path, options));
  const rest = path.slice(below.length);
  const real = () => pathBelow(realPath(directory), rest);
  const find = () => findPlain(directory, rest) ?? findUnlinked(path, real(), options);
  return openFound(path, options, find);
}

function openFound(path: string, options: OpenOptions, find: () => FoundFile): LocalFile {
  let found: FoundFile | undefined;
  try {
    found = find();
    const opened = fstatSync(found.fd, { bigint: true });
    if (!opened.isFile()) throw refused(path, "not a regular file");
    const fd = openSync(`/proc/self/fd/${found.fd}`, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    return localFile(fd, pathBytes(path), opened, options);
  } catch (error) {
    throw fileFailure(error, path);
  } finally {
    if (found !== undefined) closeRead(found);
  }
}

/** Turns a path of a manifest into an absolute one; relative paths start at the dataset. */
export function bronzePath(datasetDir: string, bronze: string): string {
  if (isAbsolute(bronze)) return bronze;
  return UNCLEAR.test(bronze) ? join(datasetDir, bronze) : pathBelow(datasetDir, bronze);
}

function localFile(
  fd: number,
  path: string | Buffer,
  opened: BigIntStats,
  { name, readBytes, signal, memory }: OpenOptions,
): LocalFile {
  const size = Number(opened.size);
  let budget = readBytes;
  let read = 0;
  let first: Uint8Array | undefined;

  return {
    name,
    size,
    mtime: Number(opened.mtimeNs) / 1e9,
    inode: String(opened.ino),
    readBytes: () => read,
    head,
    stream: () => chunksOf(size, head, readRange),
    slice,
    allowReading: (bytes) => (budget = Math.max(budget, bytes)),
    close: () => closeRead({ fd, close: closeSync }),
    isUnchanged: () => seeing(() => isSameAt(statPath())),
    isWhole: () =>
      seeing(() => {
        const found = statPath();
        return found === undefined ? hasSameContent() : isSameAt(found);
      }),
  };

  function statPath(): BigIntStats | undefined {
    return isOnRemote(opened.dev, fd)
      ? statAnew(path)
      : statSync(path, { bigint: true, throwIfNoEntry: false });
  }

  function isSameAt(found: BigIntStats | undefined): boolean {
    return found !== undefined && isSame(found, opened);
  }

  /** Moving a file changes its ctime, and nothing else. */
  function hasSameContent(): boolean {
    const { size: now, mtimeNs } = fstatSync(fd, { bigint: true });
    return now === opened.size && mtimeNs === opened.mtimeNs;
  }

  function seeing(look: () => boolean): boolean {
    try {
      return look();
    } catch (error) {
      throw fileFailure(error, name);
    }
  }

  function head(): Uint8Array {
    first ??= readNow(0, Math.min(HEAD_BYTES, size), memory);
    return first;
  }

  async function slice(start: number, end: number): Promise<Uint8Array> {
    const stop = Math.min(end, size);
    if (first !== undefined && stop <= first.length) return first.subarray(start, stop);
    return readRange(start, stop);
  }

  async function readRange(start: number, end: number): Promise<Uint8Array> {
    await breathe();
    return readNow(start, end);
  }

  function readNow(start: number, end: number, into?: Buffer): Uint8Array {
    if (end <= start) return new Uint8Array();
    signal.throwIfAborted();
    if (read + end - start > budget) {
      throw new Failure(
        "LIMIT_EXCEEDED",
        `needs more than limits.readBytes (${budget} bytes) read`,
      );
    }
    const length = end - start;
    const buffer = into ?? Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const bytesRead = readFrom(buffer, filled, length - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    read += filled;
    return buffer.subarray(0, filled);
  }

  function readFrom(buffer: Buffer, offset: number, length: number, position: number): number {
    try {
      return readSync(fd, buffer, offset, length, position);
    } catch (error) {
      throw fileFailure(error, name);
    }
  }
}

/**
 * Yields a file from its first bytes on. It stands apart from the file for the same reason as in
 * `streamSource`.
 */
async function* chunksOf(
  size: number,
  head: () => Uint8Array,
  readRange: (start: number, end: number) => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  let chunk = head();
  let at = 0;
  while (chunk.length > 0) {
    yield chunk;
    at += chunk.length;
    if (at >= size) return;
    // The first of them ends where CHUNK_BYTES do: a bound on what is read is met exactly.
    const end = at - (at % CHUNK_BYTES) + CHUNK_BYTES;
    chunk = await readRange(at, Math.min(end, size));
  }
}

/**
 * Stats what a path leads to on a file server, which is asked when a file is opened, and not always
 * when it is only looked at. Undefined where there is nothing, or no regular file.
 */
function statAnew(path: string | Buffer): BigIntStats | undefined {
  let found: number | undefined;
  let opened: number | undefined;
  try {
    found = openSync(path, O_PATH);
    if (!fstatSync(found).isFile()) return undefined;
    opened = openSync(`/proc/self/fd/${found}`, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    return fstatSync(opened, { bigint: true });
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  } finally {
    for (const fd of [found, opened]) if (fd !== undefined) closeRead({ fd, close: closeSync });
  }
}

function isSame(a: BigIntStats, b: BigIntStats): boolean {
  const sameFile = a.dev === b.dev && a.ino === b.ino;
  return sameFile && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}

const codes: Readonly<Record<string, FailureCode>> = {
  ENOENT: "FILE_MISSING",
  ENOTDIR: "FILE_MISSING",
  ELOOP: "PATH_REFUSED",
  ENAMETOOLONG: "PATH_REFUSED",
  ERR_INVALID_ARG_VALUE: "PATH_REFUSED",
};

/** Translates an error of the file system about a file; anything else passes through. */
function fileFailure(error: unknown, path: string): unknown {
  const errno = errorCode(error);
  if (error instanceof Failure || errno === undefined) return error;
  const code = codes[errno] ?? "FILE_UNREADABLE";
  return new Failure(code, `${path}: ${systemMessage(error)}`, { cause: error });
}
