import { createReadStream } from "node:fs";
import { type FileHandle, open, readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { Failure } from "../errors.ts";
import { systemMessage } from "../lake/errors.ts";
import { type MappedFile, mapFile } from "../system/mapped-file.ts";
import type { Staged } from "./context.ts";
import type { StagedFile, Wait } from "./file.ts";
import type { FileState } from "./lifecycle.ts";

/**
 * Ways to hold a file: `memory`, read whole once; `mapped`, pages of the system's cache without a
 * copy, only of files of our store, which never shrink; `file`, a descriptor.
 */
export type OpenMode = "memory" | "mapped" | "file";

/** An open file. Each call waits for the file to be staged. */
export interface OpenFile {
  readonly state: FileState;
  /** Waits for the file. @throws Failure of the transfer, TIMEOUT; the signal's reason */
  ready(): Promise<Staged>;
  /** The mode it has, once it is staged. */
  mode(): Promise<OpenMode>;
  /** Bytes. */
  size(): Promise<number>;
  /**
   * Reads at most `length` bytes and moves on; fewer at the end, none after it. The bytes are a copy.
   * @throws as `ready`; Failure FILE_UNREADABLE
   */
  read(length: number): Promise<Buffer>;
  /** Goes to an offset; returns it. Beyond the end there is nothing to read. @throws as `ready`; RangeError */
  seek(offset: number): Promise<number>;
  /** All bytes from the current offset on. @throws as `ready` */
  stream(): Promise<Readable>;
  /**
   * The whole file without a copy where it is mapped or in memory, else read. It can be used after
   * `close`.
   * @throws as `ready`
   */
  bytes(): Promise<Uint8Array>;
  /** Closes it. Nothing is read afterwards. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Larger files are mapped, bytes. */
const MEMORY_BYTES = 1024 ** 2;

/** A staged file that is open to be read, in one of the modes. */
interface Held {
  readonly mode: OpenMode;
  readonly staged: Staged;
  read(offset: number, length: number): Promise<Buffer>;
  bytes(): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Opens a file that may still be staged: reads wait. Its size decides the mode, unless one is named. */
export function openFile(file: StagedFile, wanted: OpenMode | undefined, wait: Wait): OpenFile {
  let opening: Promise<Held> | undefined;
  let offset = 0;
  let isClosed = false;

  async function held(): Promise<Held> {
    if (isClosed) throw new Failure("USAGE", `${file.location} is closed`);
    const staged = await file.ready(wait);
    opening ??= hold(staged, wanted);
    return await opening;
  }

  async function close(): Promise<void> {
    isClosed = true;
    await (await opening?.catch(() => undefined))?.close();
  }

  return {
    get state() {
      return file.state;
    },
    ready: () => file.ready(wait),
    mode: async () => (await held()).mode,
    size: async () => (await held()).staged.bytes,
    async read(length) {
      checkOffset(length);
      const from = await held();
      const at = offset;
      // Two reads at once take two parts.
      offset = Math.min(at + length, Math.max(at, from.staged.bytes));
      return await from.read(at, length);
    },
    async seek(to) {
      checkOffset(to);
      await held();
      offset = to;
      return to;
    },
    async stream() {
      const { staged } = await held();
      return createReadStream(staged.path, { start: offset });
    },
    bytes: async () => (await held()).bytes(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function checkOffset(value: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`a number of bytes is a whole number from 0 on, and not ${value}`);
}

async function hold(staged: Staged, wanted: OpenMode | undefined): Promise<Held> {
  const isOurs = staged.from !== "local";
  const bySize = staged.bytes <= MEMORY_BYTES ? "memory" : isOurs ? "mapped" : "file";
  const mode = wanted ?? bySize;
  if (mode === "mapped" && !isOurs)
    throw new Failure("USAGE", `${staged.path} may shrink: only staged files are mapped`);
  try {
    if (mode === "memory") return inMemory(staged, await readFile(staged.path));
    const handle = await open(staged.path);
    // Nothing is in an empty file to be mapped.
    const mapping =
      mode === "mapped" && staged.bytes > 0 ? mapFile(handle.fd, staged.bytes) : undefined;
    if (mapping === undefined) return byDescriptor(staged, handle);
    await handle.close();
    return mapped(staged, mapping);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const message = `${staged.path}: ${systemMessage(error)}`;
    throw new Failure("FILE_UNREADABLE", message, { cause: error });
  }
}

function inMemory(staged: Staged, bytes: Buffer): Held {
  return {
    mode: "memory",
    staged,
    read: async (offset, length) => Buffer.from(bytes.subarray(offset, offset + length)),
    bytes: async () => bytes,
    close: async () => {},
  };
}

/** Mappings whose bytes were handed out: they end when nobody can reach them any more. */
const handedOut = new FinalizationRegistry<() => void>((unmap) => unmap());

function mapped(staged: Staged, { bytes, unmap }: MappedFile): Held {
  let isHandedOut = false;
  let isOpen = true;
  // A read that was begun before the file was closed must not reach what is no longer mapped.
  const open = () => {
    if (!isOpen) throw new Failure("USAGE", `${staged.path} was closed while it was read`);
    return bytes;
  };
  return {
    mode: "mapped",
    staged,
    read: async (offset, length) => Buffer.from(open().subarray(offset, offset + length)),
    async bytes() {
      if (!isHandedOut) handedOut.register(open().buffer, unmap);
      isHandedOut = true;
      return open();
    },
    async close() {
      if (isOpen && !isHandedOut) unmap();
      isOpen = false;
    },
  };
}

function byDescriptor(staged: Staged, handle: FileHandle): Held {
  return {
    mode: "file",
    staged,
    async read(offset, length) {
      const buffer = Buffer.alloc(Math.min(length, Math.max(0, staged.bytes - offset)));
      let done = 0;
      while (done < buffer.length) {
        const { bytesRead } = await handle.read(buffer, done, buffer.length - done, offset + done);
        // A file that is not ours can have been cut.
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return buffer.subarray(0, done);
    },
    bytes: () => readFile(staged.path),
    close: () => handle.close(),
  };
}
