import { constants } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { errorCode, Failure } from "../errors.ts";
import { outputFailure } from "../lake/errors.ts";
import { entryPath, type HeldDirectory, renameEntry } from "../lake/held-directory.ts";
import { shownBronze } from "../lib/bronze-url.ts";
import { lineBlocks } from "../lib/line-blocks.ts";
import { readRange } from "../lib/read-range.ts";
import type { Failed, Job, Sampled } from "../job.ts";
import type { RejectedLine } from "../manifest/types.ts";
import { VERSION } from "../version.ts";
import { checkInPlace, receiptsIn } from "./directory.ts";
import { isReceipts } from "./path.ts";

const LF = 0x0a;
const SEAL_BYTES = 1024 ** 3;
const MAX_RECEIPT_BYTES = 4 * 1024 * 1024;
const { O_RDONLY, O_RDWR, O_CREAT, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;

/** One line of the receipts: an outcome, for people and programs to read. */
export interface Receipt {
  /** null for a manifest line that names no file, and for a dataset that was forgotten as a whole. */
  readonly raw: string | null;
  readonly bronze: string | null;
  readonly mtime: number | null;
  readonly outcome: "sampled" | "failed" | "pruned" | "forgotten";
  /** `samples/…`, relative to the dataset. */
  readonly sample?: string;
  readonly [further: string]: unknown;
}

/** The receipt for a settled job; `now` is ms since epoch. */
export function receiptOf(job: Job, result: Sampled | Failed, now: number): Receipt {
  const { raw, mtime } = job;
  const bronze = shownBronze(job.bronze);
  const { outcome, ms, ...facts } = result;
  const sample = outcome === "sampled" ? { sample: `samples/${job.name}` } : {};
  const end = { ms: Math.round(ms * 100) / 100, at: new Date(now).toISOString(), sampler: VERSION };
  return { raw, bronze, mtime, outcome, ...sample, ...facts, ...end };
}

/** A sample that retention removed, and its entry. */
export interface PrunedSample extends Pick<Job, "raw" | "bronze" | "mtime"> {
  /** Below `samples/`. */
  readonly sample: string;
  /** Of the sample; 0 where that is not known. */
  readonly bytes: number;
  readonly format: string | null;
  /** `failed`: the sample is of an earlier version. */
  readonly outcome: "sampled" | "failed";
  /** Of the failure. */
  readonly code: string | null;
  readonly message: string | null;
}

/**
 * The receipts for a sample that retention removed; `now` is ms since epoch. The last receipt of a
 * raw counts, so a failed entry gets its failure once more.
 */
export function prunedReceipts(pruned: PrunedSample, now: number): Receipt[] {
  const { raw, mtime, sample, bytes, format, outcome, code, message } = pruned;
  const entry = { raw, bronze: shownBronze(pruned.bronze), mtime };
  const end = { at: new Date(now).toISOString(), sampler: VERSION };
  const removed = {
    ...entry,
    outcome: "pruned",
    sample: `samples/${sample}`,
    format,
    bytes,
    ...end,
  } as const;
  if (outcome === "sampled") return [removed];
  return [removed, { ...entry, outcome, code, message, ...end }];
}

/** An entry that is forgotten, and its sample where that is removed. */
export interface ForgottenEntry extends Pick<Job, "raw" | "bronze" | "mtime"> {
  /** Below the dataset: `samples/…`. */
  readonly sample?: string;
}

/**
 * The receipt for an entry that is forgotten: none before it counts. Without an entry it is for the
 * whole dataset. `now` is ms since epoch.
 */
export function forgottenReceipt(entry: ForgottenEntry | undefined, now: number): Receipt {
  const { raw = null, bronze = null, mtime = null, sample } = entry ?? {};
  return {
    raw,
    bronze,
    mtime,
    outcome: "forgotten",
    ...(sample === undefined ? {} : { sample }),
    at: new Date(now).toISOString(),
    sampler: VERSION,
  };
}

/** The receipt for a manifest line that was rejected. */
export function rejectionReceipt(
  { path, line, offset, reason }: RejectedLine,
  now: number,
): Receipt {
  return {
    raw: null,
    bronze: null,
    mtime: null,
    outcome: "failed",
    code: "LINE_INVALID",
    message: `manifests/${path} line ${line}, byte ${offset}: ${reason}`,
    at: new Date(now).toISOString(),
    sampler: VERSION,
  };
}

/**
 * Appends receipts to a dataset's samples with one write, so that all of them are there or none.
 * Seals the file as `.1`, `.2`, … once it is large.
 * @throws Failure OUTPUT_FULL or OUTPUT_UNWRITABLE
 */
export async function appendReceipts(
  samples: HeldDirectory,
  receipts: readonly Receipt[],
): Promise<void> {
  const name = receiptsIn(samples);
  try {
    const handle = await openRegular(samples, name, O_RDWR | O_CREAT | O_APPEND);
    try {
      checkInPlace(samples);
      const size = await cutTornLine(handle);
      await appendAll(handle, size, receipts);
      if (size > SEAL_BYTES) await seal(samples, name);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw outputFailure(error, `${samples.path}/${name}`);
  }
}

/** Removes the half of a last receipt that a crash left. @throws Failure as `appendReceipts` */
export async function mendReceipts(samples: HeldDirectory): Promise<void> {
  const name = receiptsIn(samples);
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
 * Yields all receipts of a dataset in pages, in no order; other lines are left out.
 * @throws Failure OUTPUT_UNWRITABLE where one of the files is not a regular one, or cannot be
 * opened
 */
export async function* readReceipts(samples: HeldDirectory): AsyncGenerator<Receipt[], void, void> {
  for (const name of await receiptFiles(samples)) {
    const handle = await openRegular(samples, name, O_RDONLY).catch((error: unknown) => {
      throw outputFailure(error, `${samples.path}/${name}`);
    });
    const chunks = handle.createReadStream({ highWaterMark: 256 * 1024 });
    for await (const { bytes } of lineBlocks(chunks, 0, MAX_RECEIPT_BYTES)) {
      const lines = bytes === undefined ? [] : Buffer.from(bytes).toString("utf8").split("\n");
      yield lines.map(parseReceipt).filter((receipt) => receipt !== undefined);
    }
  }
}

/**
 * Parses a receipt. Zeros are blocks that a power loss kept from being written; a whole receipt may
 * follow them.
 */
function parseReceipt(line: string): Receipt | undefined {
  try {
    const value = JSON.parse(line.slice(line.lastIndexOf("\0") + 1)) as Receipt | null;
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The receipts and the files that they were renamed to, by us or by a log rotation. */
async function receiptFiles(samples: HeldDirectory): Promise<string[]> {
  const names = await readdir(entryPath(samples));
  return names.filter((name) => isReceipts(name) && !name.endsWith(".gz")).toSorted();
}

/**
 * Opens a regular file. A FIFO would make us wait, a device would be read for ever, and a link can
 * lead out of the lake.
 */
async function openRegular(
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
  receipts: readonly Receipt[],
): Promise<void> {
  const lines = receipts.map((receipt) => `${JSON.stringify(receipt)}\n`);
  try {
    await handle.writeFile(lines.join(""));
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
