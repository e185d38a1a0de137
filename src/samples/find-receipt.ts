import { constants } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { errorCode } from "../errors.ts";
import { entryPath, type HeldDirectory } from "../lake/held-directory.ts";
import { readRange } from "../lib/read-range.ts";
import { isReceipts } from "./path.ts";
import type { Receipt } from "./receipts.ts";

/** The raw whose receipt is looked for. */
export interface SampledRaw {
  readonly raw: string;
  /** Time at which the sample was settled, ISO 8601: its receipt was written shortly before. */
  readonly sampledAt: string | null;
}

const LF = 0x0a;
/** Bytes read at once to find a whole line; a receipt is a few hundred. */
const WINDOW = 64 * 1024;
/**
 * Bytes searched before the place of its time: samples that are settled together are written
 * together.
 */
const NEAR = 4 * 1024 * 1024;
const CHUNK = 512 * 1024;
/** Sealed files that are searched, at most. */
const MOST_FILES = 8;

/**
 * Finds the receipt of a sample without reading all of them: they are in the order of time, so
 * halving leads to the place. Null where it is not there or not where it should be, where it was
 * compressed, and where receipts cannot be read.
 */
export async function findReceipt(
  samples: HeldDirectory,
  { raw, sampledAt }: SampledRaw,
): Promise<Receipt | null> {
  if (sampledAt === null) return null;
  try {
    const names = (await readdir(entryPath(samples))).filter(
      (name) => isReceipts(name) && !name.endsWith(".gz"),
    );
    for (const name of names.toSorted().slice(0, MOST_FILES)) {
      const found = await findInFile(entryPath(samples, name), raw, Date.parse(sampledAt));
      if (found !== undefined) return found;
    }
    return null;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return null;
  }
}

async function findInFile(path: string, raw: string, at: number): Promise<Receipt | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags);
  try {
    const stats = await handle.stat();
    return stats.isFile() ? await findIn(handle, stats.size, { raw, at }) : undefined;
  } finally {
    await handle.close();
  }
}

async function findIn(
  handle: FileHandle,
  size: number,
  { raw, at: time }: { readonly raw: string; readonly at: number },
): Promise<Receipt | undefined> {
  const end = await endOf(handle, size, time);
  const start = Math.max(0, end - NEAR);
  // A line begins with its raw. What only looks like that within one is not parsed: a file that
  // is nothing else would take seconds.
  const beginning = Buffer.from(`{"raw":${JSON.stringify(raw)},`);
  let rest = Buffer.alloc(0);
  for (let at = end; at > start;) {
    const from = Math.max(start, at - CHUNK);
    const bytes = Buffer.concat([await readRange(handle, from, at), rest]);
    for (let found = bytes.lastIndexOf(beginning); found >= 0;) {
      const isLine = found === 0 ? from === 0 : bytes[found - 1] === LF;
      const receipt = isLine ? parsed(bytes.subarray(found, lineEnd(bytes, found))) : undefined;
      if (receipt?.raw === raw && isOfSample(receipt)) return receipt;
      found = found === 0 ? -1 : bytes.lastIndexOf(beginning, found - 1);
    }
    // What begins before this piece ends in it.
    const first = bytes.indexOf(LF);
    rest = bytes.subarray(0, first < 0 ? Math.min(bytes.length, WINDOW) : first + 1);
    at = from;
  }
  return undefined;
}

/** True for the receipt of a sample when it was taken: one that confirms it says less. */
function isOfSample({ outcome, confirmed }: Receipt): boolean {
  return outcome === "sampled" && confirmed !== true;
}

/** Finds, by halving, an offset after all lines that are not younger than a time. */
async function endOf(handle: FileHandle, size: number, time: number): Promise<number> {
  let low = 0;
  let high = size;
  while (high - low > WINDOW) {
    const middle = Math.floor((low + high) / 2);
    const bytes = await readRange(handle, middle, Math.min(size, middle + WINDOW));
    const at = timeIn(bytes);
    if (at === undefined || at > time) high = middle;
    else low = middle;
  }
  return Math.min(size, high + WINDOW);
}

/** The time of the first whole receipt in a piece of a file. */
function timeIn(bytes: Buffer): number | undefined {
  for (let start = bytes.indexOf(LF) + 1; start > 0 && start < bytes.length;) {
    const end = lineEnd(bytes, start);
    const at = end < bytes.length ? parsed(bytes.subarray(start, end))?.["at"] : undefined;
    const time = typeof at === "string" ? Date.parse(at) : Number.NaN;
    if (!Number.isNaN(time)) return time;
    start = end + 1;
  }
  return undefined;
}

function lineEnd(bytes: Buffer, start: number): number {
  const end = bytes.indexOf(LF, start);
  return end < 0 ? bytes.length : end;
}

function parsed(line: Buffer): Receipt | undefined {
  try {
    const value = JSON.parse(line.toString()) as Receipt | null;
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
