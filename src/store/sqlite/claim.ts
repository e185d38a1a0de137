import type { Claim, ClaimOptions } from "../drain-store.ts";
import { claimOn, type DueRow, inTurn, type SampleRow } from "../due-row.ts";
import { pathText } from "../../lib/pep383.ts";
import { datasetsOf } from "./datasets.ts";
import type { Db } from "./open.ts";

/** As `DrainStore.claim`. */
export type ClaimDue = (options: ClaimOptions) => Claim[];

type Row = Omit<DueRow, "dataset" | "raw" | "bronze"> & { readonly bronze: string | Buffer };

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
    const paths = { raw: pathText(raw), bronze: pathText(row.bronze) };
    return claimOn(
      { ...row, dataset: datasets.nameOf(dataset), ...paths },
      () => sampleOf.get(dataset, raw) as SampleRow,
    );
  }
}

/** Some raws, and then those of others that are not among them. */
function firstOf(
  first: readonly (string | Buffer)[],
  others: readonly (string | Buffer)[],
): readonly (string | Buffer)[] {
  const known = new Set(first.map(pathText));
  return [...first, ...others.filter((raw) => !known.has(pathText(raw)))];
}
