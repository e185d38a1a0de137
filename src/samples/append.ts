import { constants } from "node:fs";
import { readdir } from "node:fs/promises";
import { errorCode } from "../errors.ts";
import { outputFailure } from "../lake/errors.ts";
import { entryPath, type HeldDirectory, renameEntry } from "../lake/held-directory.ts";
import { readRange } from "../lib/read-range.ts";
import { openRecords, type RecordFile } from "./record-file.ts";
import { checkInPlace } from "./directory.ts";

const LF = 0x0a;
const SEAL_BYTES = 1024 ** 3;
const { O_RDWR, O_CREAT, O_APPEND } = constants;

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
    const file = await openRecords(samples, name, O_RDWR | O_CREAT | O_APPEND);
    try {
      checkInPlace(samples);
      const size = await cutTornLine(file);
      await appendAll(file, size, lines);
      if (size > SEAL_BYTES) await seal(samples, name);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw outputFailure(error, `${samples.path}/${name}`);
  }
}

/** Removes the half of a last line that a crash left. @throws Failure as `appendLines` */
export async function mendLines(samples: HeldDirectory, name: string): Promise<void> {
  try {
    const file = await openRecords(samples, name, O_RDWR);
    try {
      checkInPlace(samples);
      await cutTornLine(file);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw outputFailure(error, `${samples.path}/${name}`);
  }
}

/**
 * Appends all bytes. A write that fails half-way is undone: a torn line must not stand before a
 * whole one. Where undoing fails too, the next call finds the torn line.
 */
async function appendAll(file: RecordFile, size: number, lines: readonly object[]): Promise<void> {
  try {
    await file.writeFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  } catch (error) {
    await file.truncate(size).catch(() => undefined);
    throw error;
  }
}

/** Cuts off half a line at the end; returns the bytes that are left. */
async function cutTornLine(file: RecordFile): Promise<number> {
  const { size } = file;
  if (size === 0 || (await readRange(file, size - 1, size))[0] === LF) return size;
  const step = 64 * 1024;
  let whole = size;
  for (let end = size; whole === size && end > 0; end -= step) {
    const start = Math.max(0, end - step);
    const last = (await readRange(file, start, end)).lastIndexOf(LF);
    if (last >= 0 || start === 0) whole = start + last + 1;
  }
  await file.truncate(whole);
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
