import type { FailureCode } from "../../../src/errors.ts";
import type { Failed, Sampled } from "../../../src/job.ts";
import type { Checkpoint, Entry, RejectedLine } from "../../../src/manifest/types.ts";
import type { RawFile } from "../../../src/raw/types.ts";
import { samplePath } from "../../../src/samples/path.ts";
import type { Claim, Settled } from "../../../src/store/drain-store.ts";
import type { Expected, Names } from "../../../src/store/ingest-store.ts";
import type { ForgottenReceipt, Remembered } from "../../../src/store/remembered.ts";
import type { FailureFilter } from "../../../src/store/rows.ts";
import { verdicts } from "../../../src/store/types.ts";
import { BEGIN, type Line, type Receipt, type Settling, type Which } from "./steps.ts";

/** Datasets, of which two differ in case alone. In the first of them names that do so are one file. */
export const DATASETS = ["acme/orders/v1", "acme/Orders/v1", "zeta/é/v2"] as const;

/** Directories of raw files, and files in them. */
export const DIRECTORIES = ["raw/found", "raw/found/below"] as const;
const FILES = ["a.csv", "A.csv", "b.json", "😀", "é.txt", "z.csv"] as const;

/**
 * Raws with names that collide, differ in case, are sorted in other ways by other rules, and are no
 * UTF-8. SQLite has these after all others, so they are ones whose bytes come after all others.
 */
export const RAWS = [
  "raw/found/a.csv",
  "raw/found/A.csv",
  "raw/found/b.json",
  "raw/a.csv",
  "raw/sub/a.csv",
  "raw/é.csv",
  "raw/É.csv",
  "raw/e\u0301.csv",
  "raw/a_b%c\\d.csv",
  "raw/x 'y' \"z\".tsv.gz",
  "raw/\u0001\n.csv",
  "raw/\ufffe.csv",
  "raw/😀.csv",
  `raw/${"long/".repeat(60)}name.parquet`,
  "raw/\udcff.csv",
  "raw/\udcff\udc80/a.csv",
] as const;

const CODES = ["TIMEOUT", "FILE_MISSING", "FORMAT_INVALID"] as const satisfies FailureCode[];

/** Half of a character, which is no text. */
const HALF = "\udc80";

/** A dataset, by a number. */
export function datasetOf(which: Which): string {
  return DATASETS[which % DATASETS.length] as string;
}

/** A raw, by a number. */
export function rawOf(which: Which): string {
  return RAWS[which % RAWS.length] as string;
}

/** The names that a raw's sample may have in a dataset. */
export function namesFor(dataset: string, raw: string, extension: string | null): Names {
  const name = (taken: boolean) => samplePath(raw, { layout: "flat", extension, taken });
  return { plain: name(false), ifTaken: () => name(true), foldsCase: dataset === DATASETS[0] };
}

/** The same, as ingest expects them. */
export function expectedIn(dataset: string): (raw: string) => Expected {
  return (raw) => ({ names: namesFor(dataset, raw, null), extension: null });
}

/** A manifest line. Some name an object elsewhere. */
export function entryOf({ raw: which, mtime }: Line): Entry {
  const raw = rawOf(which);
  const bronze = which % 5 === 0 ? `https://host/${which}?…#seal` : `bronze/${raw}`;
  return { raw, bronze, mtime };
}

/** A manifest line that is none. */
export function rejectedOf(line: number): RejectedLine {
  const reason = line === 0 ? `${HALF} no JSON` : line === 1 ? "É" : "é";
  return { path: "processed.jsonl", line, offset: line * 10, reason };
}

/** A checkpoint of a file. */
export function checkpointOf(file: number, retiredAt: number | null): Checkpoint {
  return {
    file: `${file}`,
    path: `${file}.jsonl`,
    offset: file * 10,
    line: file,
    hash: "h",
    retiredAt,
  };
}

/** Failures with a code; with any for a number that has none. */
export function filterOf(which: Which): FailureFilter {
  const code = CODES[which % 4];
  const hasRaw = (raw: string) => which % 3 > 0 || raw.includes("a");
  return { hasDataset: () => true, hasRaw, ...(code === undefined ? {} : { code }) };
}

/** A raw file. */
export function fileOf({ raw: which, mtime }: Line): RawFile {
  const name = FILES[which % FILES.length] as string;
  return { name, mtime, size: 30, inode: `${which % 2}`, seen: `${mtime}`, rests: mtime === 2 };
}

/** The outcome of a claim; `now` is ms since epoch. */
export function settledAs(claim: Claim, { as, verdict }: Settling, now: number): Settled {
  if (as === "again" || as === "dead") {
    const code = CODES[verdict % CODES.length] as FailureCode;
    const message = verdict % 2 === 0 ? `late ${HALF}` : "spät";
    const outcome: Failed = { outcome: "failed", code, message, readBytes: 1, ms: 1 };
    return { claim, outcome, nextAt: as === "dead" ? null : now + (verdict % 3) * 1000 };
  }
  const { mtime, inode } = claim.job;
  const result = verdicts[verdict % 6];
  const outcome: Sampled = {
    outcome: "sampled",
    format: as === "described" ? "metadata" : verdict % 2 === 0 ? "csv" : "json",
    complete: true,
    warnings: [],
    recognisedBy: "name",
    bytes: verdict,
    readBytes: 20,
    sourceSize: verdict % 7 === 0 ? null : 30,
    ms: 1,
    ...(verdict % 3 === 0 ? {} : { rows: verdict % 10 }),
    ...(as === "described" ? { reason: "binary" } : {}),
    ...(as === "masked" ? { mask: "m1" } : {}),
    ...(result === undefined ? {} : { validation: { ...NOTHING, result } }),
    ...(inode === undefined ? {} : { from: "raw", mtime, inode }),
  };
  return { claim, outcome, nextAt: null };
}

/** A verdict without findings. */
const NOTHING = {
  contract: "c",
  rows: 1,
  of: "all",
  checks: 1,
  skipped: 0,
  failed: [],
  more: 0,
} as const;

/** A receipt of a cache that was lost. */
export function receiptOf(receipt: Receipt): Remembered | ForgottenReceipt {
  const { as, mtime, name, raw: which } = receipt;
  const raw = rawOf(which);
  const settledAt = BEGIN - 15 + receipt.settledAt;
  if (as === "forgotten") return { outcome: as, entry: { raw, mtime }, settledAt };
  if (as === "all forgotten") return { outcome: "forgotten", entry: null, settledAt };
  const isFailed = as === "failed";
  const plain = samplePath(raw, { layout: "flat", extension: null, taken: name % 2 === 0 });
  return {
    raw,
    bronze: `bronze/${raw}`,
    mtime,
    outcome: as,
    sample: isFailed ? null : name % 5 === 0 ? "a_sample.csv" : plain,
    extension: null,
    format: isFailed ? null : name % 3 === 0 ? "metadata" : "csv",
    rows: null,
    bytes: isFailed ? null : name,
    sourceSize: 30,
    from: name % 4 === 0 ? "raw" : null,
    inode: name % 8 === 0 ? "1" : null,
    validation: verdicts[name % 6] ?? null,
    mask: name % 7 === 0 ? "m1" : null,
    code: isFailed ? "TIMEOUT" : null,
    message: isFailed ? "late" : null,
    settledAt,
  };
}
