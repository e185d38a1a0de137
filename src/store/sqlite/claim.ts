import type { Claim, ClaimOptions, CountedOutcome } from "../drain-store.ts";
import { pathText } from "../../lib/pep383.ts";
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
  const rowOf = db.prepare(
    `SELECT bronze, mtime, seq, name, extension, attempts, failed_at AS failedAt, sample,
       coalesce(outcome, 'new') AS outcome
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
      const raws = dueIn[order].all(id, now, wanted + busyCount(name)) as (string | Buffer)[];
      const free = raws.filter((raw) => !isBusy(name, pathText(raw))).slice(0, wanted);
      turns.push(free.map((raw) => claim(id, raw)));
      taken += free.length;
    }
    return inTurn(turns);
  });

  function claim(dataset: number, raw: string | Buffer): Claim {
    const row = rowOf.get(dataset, raw) as Row;
    const { mtime, seq, name, extension, attempts, failedAt, sample, outcome } = row;
    const job = {
      dataset: datasets.nameOf(dataset),
      raw: pathText(raw),
      bronze: pathText(row.bronze),
      mtime,
      seq,
      name,
      extension,
    };
    return { job, attempts, failedAt, sample, outcome };
  }
}

/** Takes one of each dataset, then the next of each: slow files of one do not matter to another. */
function inTurn(all: readonly (readonly Claim[])[]): Claim[] {
  const longest = Math.max(0, ...all.map(({ length }) => length));
  const rounds = Array.from({ length: longest }, (_, i) => all.map((claims) => claims[i]));
  return rounds.flat().filter((claim) => claim !== undefined);
}
