import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  type Stats,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Failure } from "../errors.ts";
import { entryPath, type HeldDirectory } from "../lake/held-directory.ts";
import { isRemote } from "../lake/remote.ts";
import type { ReadableAt } from "../lib/read-range.ts";

/** A file of records, open to be appended to. */
export interface RecordFile extends ReadableAt, Pick<FileHandle, "close" | "truncate"> {
  /** Bytes that it had when it was opened. */
  readonly size: number;
  /** Writes all of a text at its end. */
  writeFile(text: string): Promise<void>;
}

const { O_NOFOLLOW, O_NONBLOCK } = constants;
const MODE = 0o640;

/**
 * Opens a regular file of records. A FIFO would make us wait, a device would be read for ever, and a link
 * can lead out of the lake. On a disk of this machine its calls are made at once: each takes less time
 * than to hand it to another thread. A file server may not answer, which must not hold up this thread.
 * @throws Failure OUTPUT_UNWRITABLE; errno
 */
export async function openRecords(
  samples: HeldDirectory,
  name: string,
  flags: number,
): Promise<RecordFile> {
  if (isRemote(entryPath(samples))) {
    const handle = await openRegular(samples, name, flags);
    return Object.assign(handle, { size: (await handle.stat()).size });
  }
  const fd = openSync(entryPath(samples, name), flags | O_NOFOLLOW | O_NONBLOCK, MODE);
  try {
    const stats = fstatSync(fd);
    checkRegular(stats, samples, name);
    return {
      size: stats.size,
      read: async (...at) => ({ bytesRead: readSync(fd, ...at) }),
      truncate: async (size) => ftruncateSync(fd, size),
      writeFile: async (text) => writeFileSync(fd, text),
      close: async () => closeSync(fd),
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Opens a regular file, as `openRecords`, to be read. @throws Failure OUTPUT_UNWRITABLE; errno */
export async function openRegular(
  samples: HeldDirectory,
  name: string,
  flags: number,
): Promise<FileHandle> {
  const handle = await open(entryPath(samples, name), flags | O_NOFOLLOW | O_NONBLOCK, MODE);
  try {
    checkRegular(await handle.stat(), samples, name);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function checkRegular(stats: Stats, { path }: HeldDirectory, name: string): void {
  if (!stats.isFile()) throw new Failure("OUTPUT_UNWRITABLE", `${path}/${name} is no regular file`);
}
