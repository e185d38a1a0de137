import { constants } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { errorCode, Failure } from "../errors.ts";
import { outputFailure } from "../lake/errors.ts";
import { entryPath, type HeldDirectory, renameEntry } from "../lake/held-directory.ts";
import { readRange } from "../lib/read-range.ts";
import { checkInPlace } from "./directory.ts";

const LF = 0x0a;
const SEAL_BYTES = 1024 ** 3;
const { O_RDWR, O_CREAT, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;

/**
 * Appends JSON lines to a file in a dataset's samples with one write, so that all of them are there
 * or none. Seals the file as `.1`, `.2`, … once it is large.
 * @throws Failure OUTPUT_FULL or OUTPUT_UNWRITABLE
 */
export async function appendLines(
  samples: HeldDirectory,
  name: string,
  lines: readonly object[],
): Promise<void> {
  try {
    const handle = await openRegular(samples, name, O_RDWR | O_CREAT | O_APPEND);
    try {
      checkInPlace(samples);
      const size = await cutTornLine(handle);
      await appendAll(handle, size, lines);
      if (size > SEAL_BYTES) await seal(samples, name);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw outputFailure(error, `${samples.path}/${name}`);
  }
}

/** Removes the half of a last line that a crash left. @throws Failure as `appendLines` */
export async function mendLines(samples: HeldDirectory, name: string): Promise<void> {
  try {
    const handle = await openRegular(samples, name, O_RDWR);
    try {
      checkInPlace(samples);
      await cutTornLine(handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw outputFailure(error, `${samples.path}/${name}`);
  }
}

/**
 * Opens a regular file. A FIFO would make us wait, a device would be read for ever, and a link can
 * lead out of the lake.
 * @throws Failure OUTPUT_UNWRITABLE; errno
 */
export async function openRegular(
  samples: HeldDirectory,
  name: string,
  flags: number,
): Promise<FileHandle> {
  const handle = await open(entryPath(samples, name), flags | O_NOFOLLOW | O_NONBLOCK, 0o640);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new Failure("OUTPUT_UNWRITABLE", `${samples.path}/${name} is no regular file`);
}

/**
 * Appends all bytes. A write that fails half-way is undone: a torn line must not stand before a
 * whole one. Where undoing fails too, the next call finds the torn line.
 */
async function appendAll(
  handle: FileHandle,
  size: number,
  lines: readonly object[],
): Promise<void> {
  try {
    await handle.writeFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  } catch (error) {
    await handle.truncate(size).catch(() => undefined);
    throw error;
  }
}

/** Cuts off half a line at the end; returns the bytes that are left. */
async function cutTornLine(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  if (size === 0 || (await readRange(handle, size - 1, size))[0] === LF) return size;
  const step = 64 * 1024;
  let whole = size;
  for (let end = size; whole === size && end > 0; end -= step) {
    const start = Math.max(0, end - step);
    const last = (await readRange(handle, start, end)).lastIndexOf(LF);
    if (last >= 0 || start === 0) whole = start + last + 1;
  }
  await handle.truncate(whole);
  return whole;
}

async function seal(samples: HeldDirectory, name: string): Promise<void> {
  const names = await readdir(entryPath(samples));
  const ends = names.filter((each) => each.startsWith(`${name}.`));
  const numbers = ends
    .map((each) => each.slice(name.length + 1))
    .filter((end) => /^\d+$/.test(end));
  const next = Math.max(0, ...numbers.map(Number)) + 1;
  renameEntry(samples, name, `${name}.${next}`);
}
