import type { Failed, Sampled } from "../../job.ts";
import { countedAs } from "../counted-as.ts";
import type { Claim, CountedOutcome, Settled } from "../drain-store.ts";
import type { Db, Sql } from "./connect.ts";
import { type Counts, createCounts } from "./counts.ts";
import type { Datasets } from "./datasets.ts";
import { changeFiles, type FileKey, keyed, lockFiles } from "./file-rows.ts";
import { DUE_AGAIN } from "./due.ts";
import { textOf } from "../paths.ts";
import type { Worker } from "./worker.ts";
import { splitByTurn } from "./turns/in-turn.ts";
import { addUnsynced } from "./unsynced.ts";

/** A claim's row, as it is now. */
interface Row {
  readonly mtime: number;
  readonly seq: number;
  readonly inode: string | null;
  readonly counted: CountedOutcome;
}

/** An outcome, and its row: undefined where that was forgotten. */
interface Placed<O> {
  readonly key: FileKey;
  readonly claim: Claim;
  readonly outcome: O;
  /** ms since epoch, as `Settled` has it. */
  readonly nextAt: number | null;
  readonly row: Row | undefined;
}

/** The same where the outcome settles its row. */
interface Settling<O> extends Placed<O> {
  readonly row: Row;
}

/**
 * Writes outcomes in one transaction; `now` is ms since epoch. A success settles the version the job
 * was given and no other; a failure settles only when no newer line has come since. A sample that
 * was published settles nothing, and is known all the same, where its entry has another version by
 * now. Where another host has the turn by now, nothing is settled; what was published is due again,
 * since it may have taken the place of something newer.
 */
export async function settle(
  db: Db,
  { datasets, host, turns }: Worker & { readonly datasets: Pick<Datasets, "idOf"> },
  settled: readonly Settled[],
  now: number,
): Promise<void> {
  const asked = await keyed(datasets, settled);
  const late = await db.transaction(async (sql) => {
    const [all, late] = await splitByTurn(sql, turns, asked);
    await redo(sql, late, now);
    const keys = all.map(({ key }) => key);
    const columns = "mtime, seq, inode, coalesce(counted, 'new') AS counted";
    const rows = await lockFiles<Row>(sql, keys, columns);
    const placed = all.map((each, i) => Object.assign(each, { row: rows[i] }));
    const samples = placed.filter((each): each is Placed<Sampled> => isSample(each.outcome));
    const failures = placed.filter((each): each is Placed<Failed> => !isSample(each.outcome));
    const made = samples.filter(isOfItsVersion);
    const failed = failures.filter(isOfItsLine);
    const counts = createCounts();
    await succeed(sql, made, now);
    await publish(
      sql,
      samples.filter((each) => !isOfItsVersion(each)),
      now,
    );
    await fail(sql, failed, now);
    await addUnsynced(
      sql,
      made.map(({ key }) => key),
      { now, host },
    );
    for (const { key, outcome, row } of made)
      counts.moved(key.dataset, row.counted, countedAs("sampled", outcome.format));
    for (const { key, row } of failed) counts.moved(key.dataset, row.counted, "failed");
    count(placed, counts);
    await counts.save(sql);
    return late.length;
  });
  turns?.late(late);
}

function isSample(outcome: Sampled | Failed): outcome is Sampled {
  return outcome.outcome === "sampled";
}

/**
 * True where a sample is of the version that its entry has. One of a raw file is so unless a line,
 * or a further look, has named another one.
 */
function isOfItsVersion(placed: Placed<Sampled>): placed is Settling<Sampled> {
  const { claim, outcome, row } = placed;
  if (row === undefined || row.mtime !== claim.job.mtime) return false;
  return outcome.from !== "raw" || (row.inode !== null && row.inode === claim.job.inode);
}

function isOfItsLine(placed: Placed<Failed>): placed is Settling<Failed> {
  return placed.row?.seq === placed.claim.job.seq;
}

/** Columns that a sample gives its entry. */
const MADE = [
  "mtime",
  "inode",
  "sample",
  "format",
  "rows",
  "bytes",
  "source_size",
  "reason",
  "validation",
  "mask",
  "sampled_from",
] as const;

/** Makes entries due whose sample was published too late. */
async function redo(
  sql: Sql,
  late: readonly { readonly key: FileKey; readonly outcome: Sampled | Failed }[],
  now: number,
): Promise<void> {
  const rows = late.filter(({ outcome }) => isSample(outcome)).map(({ key }) => ({ key }));
  await changeFiles(sql, { rows, given: [], set: DUE_AGAIN, now });
}

async function succeed(sql: Sql, made: readonly Settling<Sampled>[], now: number): Promise<void> {
  const rows = made.map(({ key, claim, outcome, row }) => {
    const { format, rows: count = null, bytes, sourceSize, reason, mask = null } = outcome;
    const { mtime = row.mtime, inode = row.inode } = outcome.from === "raw" ? outcome : row;
    return {
      key,
      mtime,
      inode,
      sample: claim.job.name,
      format,
      rows: count,
      bytes,
      source_size: sourceSize,
      reason: reason === undefined ? null : textOf(reason),
      validation: outcome.validation?.result ?? null,
      mask,
      sampled_from: outcome.from ?? null,
    };
  });
  const set = `outcome = 'sampled', done_mtime = excluded.mtime, next_at = NULL, settled_at = $3,
    sampled_at = $3, code = NULL, message = NULL, attempts = 0, failed_at = NULL, ${given(MADE)}`;
  await changeFiles(sql, { rows, given: MADE, set, now });
}

async function publish(sql: Sql, samples: readonly Placed<Sampled>[], now: number): Promise<void> {
  const rows = samples.map(({ key, claim, outcome }) => ({
    key,
    sample: claim.job.name,
    mask: outcome.mask ?? null,
  }));
  const columns = ["sample", "mask"] as const;
  const set = `sampled_at = $3, sampled_from = NULL, ${given(columns)}`;
  await changeFiles(sql, { rows, given: columns, set, now });
}

async function fail(sql: Sql, failed: readonly Settling<Failed>[], now: number): Promise<void> {
  const rows = failed.map(({ key, claim, outcome, nextAt }) => ({
    key,
    next_at: nextAt,
    code: outcome.code,
    message: textOf(outcome.message),
    attempts: claim.attempts + 1,
    failed_at: claim.failedAt ?? now,
  }));
  const columns = ["next_at", "code", "message", "attempts", "failed_at"] as const;
  const set = `outcome = 'failed', done_mtime = files.mtime, settled_at = $3, ${given(columns)}`;
  await changeFiles(sql, { rows, given: columns, set, now });
}

/** Takes columns as they were given. */
function given(columns: readonly string[]): string {
  return columns.map((column) => `${column} = excluded.${column}`).join(", ");
}

/** Counts what was done, whether it settles something or not. */
function count(placed: readonly Placed<Sampled | Failed>[], counts: Counts): void {
  for (const { key, outcome } of placed) {
    const { dataset } = key;
    counts.add(dataset, { [outcome.outcome]: 1, readBytes: outcome.readBytes });
    if (outcome.outcome === "sampled" && outcome.validation !== undefined)
      counts.judged(dataset, outcome.validation.result);
  }
}
