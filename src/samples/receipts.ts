import { constants } from "node:fs";
import { readdir } from "node:fs/promises";
import { outputFailure } from "../lake/errors.ts";
import { entryPath, type HeldDirectory } from "../lake/held-directory.ts";
import { shownBronze } from "../lib/bronze-url.ts";
import { lineBlocks } from "../lib/line-blocks.ts";
import type { Confirmed, Failed, Job, Sampled } from "../job.ts";
import type { RejectedLine } from "../manifest/types.ts";
import { VERSION } from "../version.ts";
import { appendLines, mendLines } from "./append.ts";
import { openRegular } from "./record-file.ts";
import { ownRecords } from "./directory.ts";
import { isReceipts } from "./path.ts";

const MAX_RECEIPT_BYTES = 4 * 1024 * 1024;

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

/**
 * The receipt for a settled job; `shape` is the number of its sample's shape, and `now` is ms since
 * epoch.
 */
export function receiptOf(
  job: Job,
  result: Sampled | Failed,
  { shape, now }: { readonly shape?: string | undefined; readonly now: number },
): Receipt {
  const { raw, mtime } = job;
  const bronze = shownBronze(job.bronze);
  const { outcome, ms, ...rest } = result;
  // A receipt has the number of a shape, and leaves the shapes themselves to the cache.
  const facts = { ...rest, shapes: undefined, shape };
  const sample = outcome === "sampled" ? { sample: `samples/${job.name}` } : {};
  const end = { ms: roundedMs(ms), at: new Date(now).toISOString(), sampler: VERSION };
  return { raw, bronze, mtime, outcome, ...sample, ...facts, ...end };
}

function roundedMs(ms: number): number {
  return Math.round(ms * 100) / 100;
}

/**
 * The receipt for a sample of a raw file that a manifest line has confirmed; `now` is ms since
 * epoch. It says what is published, as the one before it does, and which bronze file it is of.
 */
export function confirmedReceipt(job: Job, { readBytes, ms }: Confirmed, now: number): Receipt {
  const { raw, mtime, confirms } = job;
  return {
    raw,
    bronze: shownBronze(job.bronze),
    mtime,
    outcome: "sampled",
    sample: `samples/${job.name}`,
    ...confirms,
    readBytes,
    from: "raw",
    confirmed: true,
    ms: roundedMs(ms),
    at: new Date(now).toISOString(),
    sampler: VERSION,
  };
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

/** Appends receipts to a dataset's samples. @throws Failure as `appendLines` */
export function appendReceipts(
  samples: HeldDirectory,
  receipts: readonly Receipt[],
): Promise<void> {
  return appendLines(samples, ownRecords(samples, "receipts"), receipts);
}

/** Removes the half of a last receipt that a crash left. @throws Failure as `appendLines` */
export function mendReceipts(samples: HeldDirectory): Promise<void> {
  return mendLines(samples, ownRecords(samples, "receipts"));
}

/**
 * Yields all receipts of a dataset in pages, in no order; other lines are left out.
 * @throws Failure OUTPUT_UNWRITABLE where one of the files is not a regular one, or cannot be
 * opened
 */
export async function* readReceipts(samples: HeldDirectory): AsyncGenerator<Receipt[], void, void> {
  for (const name of await receiptFiles(samples)) {
    const handle = await openRegular(samples, name, constants.O_RDONLY).catch((error: unknown) => {
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
