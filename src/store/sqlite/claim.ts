import type { Claim, ClaimOptions, CountedOutcome } from "../drain-store.ts";
import type { Job, RawSample } from "../../job.ts";
import type { Verdict } from "../types.ts";
import { pathText } from "../../lib/pep383.ts";
import { isSameTime } from "../../raw/same-time.ts";
import { datasetsOf } from "./datasets.ts";
import type { Db } from "./open.ts";

/** As `DrainStore.claim`. */
export type ClaimDue = (options: ClaimOptions) => Claim[];

interface Row {
  readonly bronze: string | Buffer;
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
interface SampleRow {
  readonly doneMtime: number | null;
  readonly format: string | null;
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly sourceSize: number | null;
  readonly reason: string | null;
}

/** Prepares the statements. */
export function claimOf(db: Db): ClaimDue {
  const datasets = datasetsOf(db);
  // Two steps of the index for each dataset that waits, however many entries it has. Those that
  // wait for a later time take no share.
  const waiting = db
    .prepare(
      `WITH RECURSIVE d (id) AS (
         SELECT min(dataset) FROM files WHERE next_at IS NOT NULL
         UNION ALL
         SELECT (SELECT min(dataset) FROM files WHERE next_at IS NOT NULL AND dataset > d.id)
         FROM d WHERE d.id IS NOT NULL
       ) SELECT id FROM d WHERE id IS NOT NULL AND
         (SELECT min(next_at) FROM files WHERE dataset = d.id AND next_at IS NOT NULL) <= ?`,
    )
    .pluck();
  // Entries in flight cost an index look-up only; their rows are not read.
  const due = (direction: "ASC" | "DESC") =>
    db
      .prepare(
        `SELECT raw FROM files INDEXED BY due WHERE dataset = ? AND next_at <= ?
         ORDER BY next_at ${direction}, seq ${direction} LIMIT ?`,
      )
      .pluck();
  const dueIn = { oldest: due("ASC"), newest: due("DESC") };
  // Raw files come first: they go away.
  const dueRaw = db
    .prepare(
      `SELECT raw FROM files INDEXED BY found
       WHERE dataset = ? AND inode IS NOT NULL AND next_at <= ? ORDER BY next_at, seq LIMIT ?`,
    )
    .pluck();
  const rowOf = db.prepare(
    `SELECT bronze, mtime, seq, name, extension, attempts, failed_at AS failedAt, sample,
       coalesce(counted, 'new') AS outcome, inode, sampled_from AS sampledFrom, validation
     FROM files WHERE dataset = ? AND raw = ?`,
  );
  const sampleOf = db.prepare(
    `SELECT done_mtime AS doneMtime, format, rows, bytes, source_size AS sourceSize, reason
     FROM files WHERE dataset = ? AND raw = ?`,
  );
  let turn = 0;

  // One transaction: otherwise each row's look-up would lock the file, and unlock it.
  return db.transaction(({ limit, order, now, skips, isBusy, busyCount }: ClaimOptions) => {
    const ids = (waiting.all(now) as number[]).filter((id) => !skips(datasets.nameOf(id)));
    if (ids.length === 0) return [];
    const share = Math.max(1, Math.ceil(limit / ids.length));
    const turns: Claim[][] = [];
    let taken = 0;
    const first = turn % ids.length;
    for (const id of [...ids.slice(first), ...ids.slice(0, first)]) {
      if (taken >= limit) break;
      turn += 1;
      const name = datasets.nameOf(id);
      const wanted = Math.min(share, limit - taken);
      const most = wanted + busyCount(name);
      const found = dueRaw.all(id, now, most) as (string | Buffer)[];
      const others = dueIn[order].all(id, now, most) as (string | Buffer)[];
      const raws = found.length === 0 ? others : firstOf(found, others);
      const free = raws.filter((raw) => !isBusy(name, pathText(raw))).slice(0, wanted);
      turns.push(free.map((raw) => claim(id, raw)));
      taken += free.length;
    }
    return inTurn(turns);
  });

  function claim(dataset: number, raw: string | Buffer): Claim {
    const row = rowOf.get(dataset, raw) as Row;
    const { mtime, seq, name, extension, attempts, failedAt, sample, outcome } = row;
    const { inode, validation } = row;
    const confirms = isConfirmable(row)
      ? rawSampleOf(mtime, sampleOf.get(dataset, raw) as SampleRow)
      : undefined;
    const job: Job = {
      dataset: datasets.nameOf(dataset),
      raw: pathText(raw),
      bronze: pathText(row.bronze),
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
}

/** True where a sample of the raw file is there, and a line has come. */
function isConfirmable({ sampledFrom, inode, sample, outcome }: Row): boolean {
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

/** Some raws, and then those of others that are not among them. */
function firstOf(
  first: readonly (string | Buffer)[],
  others: readonly (string | Buffer)[],
): readonly (string | Buffer)[] {
  const known = new Set(first.map(pathText));
  return [...first, ...others.filter((raw) => !known.has(pathText(raw)))];
}

/** Takes one of each dataset, then the next of each: slow files of one do not matter to another. */
function inTurn(all: readonly (readonly Claim[])[]): Claim[] {
  const longest = Math.max(0, ...all.map(({ length }) => length));
  const rounds = Array.from({ length: longest }, (_, i) => all.map((claims) => claims[i]));
  return rounds.flat().filter((claim) => claim !== undefined);
}
