import { mkdirSync, openSync, writeSync, closeSync } from "node:fs";
import { join } from "node:path";
import { datasetsOf } from "../../src/store/sqlite/datasets.ts";
import type { Db } from "../../src/store/sqlite/open.ts";

/** Entries to put into a cache without files for them. */
export interface ManyRows {
  readonly dataset: string;
  readonly count: number;
  /**
   * Time at which the newest was settled, ms since epoch; each was settled a millisecond after the
   * one before.
   */
  readonly until: number;
}

/**
 * Adds in seconds the entries that years of work would leave: of ten entries one failed, of a
 * hundred one was pruned, and the others were sampled; of a thousand one waits.
 */
export function addRows(db: Db, { dataset, count, until }: ManyRows): void {
  const id = datasetsOf(db).ensure(dataset);
  db.transaction(() => {
    db.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < @count)
       INSERT INTO files (dataset, raw, bronze, mtime, seq, next_at, name, outcome, done_mtime,
         settled_at, sampled_at, sample, format, rows, bytes, source_size, code, message, attempts)
       SELECT @id, printf('raw/env%d/part-%08d.csv', i % 7, i),
         printf('bronze/2026/01/18/143000--part-%08d.csv', i), 1737200000 + i, i + 1,
         iif(i % 1000 = 1, @until + i, NULL), printf('part-%08d_sample.csv', i),
         CASE WHEN i % 10 = 1 THEN 'failed' WHEN i % 100 = 2 THEN 'pruned' ELSE 'sampled' END,
         1737200000 + i, @until - @count + i, iif(i % 10 = 1, NULL, @until - @count + i),
         iif(i % 10 = 1 OR i % 100 = 2, NULL, printf('part-%08d_sample.csv', i)), 'csv', 100, 5210,
         1048576, iif(i % 10 = 1, iif(i % 20 = 1, 'FORMAT_INVALID', 'FILE_MISSING'), NULL),
         iif(i % 10 = 1, 'not what it says', NULL), iif(i % 10 = 1, 1, 0)
       FROM n`,
    ).run({ id, count, until });
    db.prepare(
      `INSERT OR REPLACE INTO totals (dataset, outcome, n)
       SELECT dataset, outcome, count(*) FROM files WHERE dataset = ? GROUP BY outcome`,
    ).run(id);
  })();
}

/** Receipts for the same entries, as a pass would have left them. `samples` is their directory. */
export function addManyReceipts(
  samples: string,
  { count, until }: Omit<ManyRows, "dataset">,
): void {
  mkdirSync(samples, { recursive: true });
  const file = openSync(join(samples, "_receipts.jsonl"), "a");
  for (let from = 0; from < count; from += BATCH) {
    const lines: string[] = [];
    for (let i = from; i < Math.min(count, from + BATCH); i += 1) {
      lines.push(`${JSON.stringify(receiptFor(i, until - count + i))}\n`);
    }
    writeSync(file, lines.join(""));
  }
  closeSync(file);
}

const BATCH = 10_000;

function receiptFor(i: number, at: number): object {
  const part = `part-${String(i).padStart(8, "0")}`;
  return {
    raw: `raw/env${i % 7}/${part}.csv`,
    bronze: `bronze/2026/01/18/143000--${part}.csv`,
    mtime: 1_737_200_000 + i,
    outcome: i % 10 === 1 ? "failed" : "sampled",
    sample: `samples/${part}_sample.csv`,
    format: "csv",
    rows: 100,
    complete: false,
    cut: "rows",
    warnings: [],
    recognisedBy: "name",
    bytes: 5210,
    readBytes: 65_536,
    sourceSize: 1_048_576,
    ms: 1.9,
    at: new Date(at).toISOString(),
    sampler: "0.1.0",
  };
}
