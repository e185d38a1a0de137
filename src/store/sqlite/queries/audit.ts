import { pathBytes, pathText } from "../../../lib/pep383.ts";
import { IS_ACKNOWLEDGED } from "./failures.ts";
import type { Db } from "../open.ts";

/** What the cache says of an entry's sample. */
export interface RecordedSample {
  readonly raw: string;
  /** Below `samples/`; null where there is none. */
  readonly sample: string | null;
  /** Bytes of the sample. */
  readonly bytes: number | null;
  readonly outcome: "sampled" | "failed" | "pruned" | null;
  /** True when it is due or waits for another try. */
  readonly waiting: boolean;
  /** True when it failed for good, and people have seen that. */
  readonly acknowledged: boolean;
}

/** What an audit asks of the cache. Batches, so that nothing is held and writers get their turn. */
export interface AuditedCache {
  /** Entries of a dataset after a raw, in order, at most `count`; from the first where it is null. */
  after(dataset: number, raw: string | null, count: number): RecordedSample[];
  /** Which of these raws are not entries, and were not forgotten. */
  missingOf(dataset: number, raws: readonly string[]): string[];
  /** Whether a file below `samples/` is an entry's sample. */
  isSample(dataset: number, name: string): boolean;
}

interface Row {
  readonly raw: string | Buffer;
  readonly sample: string | null;
  readonly bytes: number | null;
  readonly outcome: "sampled" | "failed" | "pruned" | null;
  readonly waiting: 0 | 1;
  readonly acknowledged: 0 | 1;
}

/** Prepares the statements. */
export function auditedCacheOf(db: Db): AuditedCache {
  const columns = `raw, sample, bytes, outcome, next_at IS NOT NULL AS waiting,
    ${IS_ACKNOWLEDGED} AS acknowledged`;
  const first = db.prepare(`SELECT ${columns} FROM files WHERE dataset = ? ORDER BY raw LIMIT ?`);
  const next = db.prepare(
    `SELECT ${columns} FROM files WHERE dataset = ? AND raw > ? ORDER BY raw LIMIT ?`,
  );
  const known = db
    .prepare(
      `SELECT 1 FROM files WHERE dataset = @dataset AND raw = @raw
       UNION ALL SELECT 1 FROM forgotten WHERE dataset = @dataset AND raw = @raw`,
    )
    .pluck();
  const named = db
    .prepare(
      `SELECT 1 FROM names AS n JOIN files AS f ON f.dataset = n.dataset AND f.raw = n.raw
       WHERE n.dataset = ? AND n.name = ? AND f.sample = n.name`,
    )
    .pluck();
  return {
    after(dataset, raw, count) {
      const rows =
        raw === null ? first.all(dataset, count) : next.all(dataset, pathBytes(raw), count);
      return (rows as Row[]).map(recorded);
    },
    missingOf: (dataset, raws) =>
      raws.filter((raw) => known.get({ dataset, raw: pathBytes(raw) }) === undefined),
    isSample: (dataset, name) => named.get(dataset, name) !== undefined,
  };
}

function recorded({ raw, waiting, acknowledged, ...row }: Row): RecordedSample {
  return {
    raw: pathText(raw),
    ...row,
    waiting: waiting === 1,
    acknowledged: acknowledged === 1,
  };
}
