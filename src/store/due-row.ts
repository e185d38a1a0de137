import type { Job, RawSample } from "../job.ts";
import { isSameTime } from "../raw/same-time.ts";
import type { Claim, CountedOutcome } from "./drain-store.ts";
import type { Verdict } from "./types.ts";

/** A row that is due, as a claim needs it. Times are ms since epoch, mtimes seconds. */
export interface DueRow {
  readonly dataset: string;
  readonly raw: string;
  readonly bronze: string;
  readonly mtime: number;
  readonly seq: number;
  readonly name: string;
  readonly extension: string | null;
  readonly attempts: number;
  readonly failedAt: number | null;
  readonly sample: string | null;
  readonly outcome: CountedOutcome;
  readonly inode: string | null;
  readonly sampledFrom: "raw" | null;
  readonly validation: Verdict | null;
}

/** The record of a sample that was taken of the raw file. */
export interface SampleRow {
  readonly doneMtime: number | null;
  readonly format: string | null;
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly sourceSize: number | null;
  readonly reason: string | null;
}

/** The claim on a row; its sample is asked for where a line may confirm it. */
export function claimOn(row: DueRow, sampleOf: () => SampleRow): Claim {
  const { dataset, raw, bronze, mtime, seq, name, extension } = row;
  const { attempts, failedAt, sample, outcome, inode, validation } = row;
  const confirms = isConfirmable(row) ? rawSampleOf(mtime, sampleOf()) : undefined;
  const job: Job = {
    dataset,
    raw,
    bronze,
    mtime,
    seq,
    name,
    extension,
    ...(sample === name ? { hasSample: true } : {}),
    ...(inode === null ? {} : { inode }),
    ...(confirms === undefined ? {} : { confirms }),
  };
  return { job, attempts, failedAt, sample, outcome, validation };
}

/** Takes one of each dataset, then the next of each: slow files of one do not matter to another. */
export function inTurn(all: readonly (readonly Claim[])[]): Claim[] {
  const longest = Math.max(0, ...all.map(({ length }) => length));
  const rounds = Array.from({ length: longest }, (_, i) => all.map((claims) => claims[i]));
  return rounds.flat().filter((claim) => claim !== undefined);
}

/** True where a sample of the raw file is there, and a line has come. */
function isConfirmable({ sampledFrom, inode, sample, outcome }: DueRow): boolean {
  return sampledFrom !== null && inode === null && sample !== null && outcome === "sampled";
}

/** The sample of the raw file, where it is of the mtime that the line has; undefined otherwise. */
function rawSampleOf(
  mtime: number,
  { doneMtime, format, rows, bytes, sourceSize, reason }: SampleRow,
): RawSample | undefined {
  if (doneMtime === null || !isSameTime(mtime, doneMtime)) return undefined;
  if (sourceSize === null || bytes === null || format === null) return undefined;
  return {
    sourceSize,
    bytes,
    format,
    ...(rows === null ? {} : { rows }),
    ...(reason === null ? {} : { reason }),
  };
}
