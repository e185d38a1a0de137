import type { RecordedSample } from "../../rows.ts";
import { pathBytes, pathText } from "../../../lib/pep383.ts";
import { IS_ACKNOWLEDGED } from "../../listed.ts";
import type { Db } from "../open.ts";

interface Row {
  readonly raw: string | Buffer;
  readonly sample: string | null;
  readonly bytes: number | null;
  readonly outcome: "sampled" | "failed" | "pruned" | null;
  readonly waiting: 0 | 1;
  readonly acknowledged: 0 | 1;
  readonly goneAt: number | null;
}

/** An audit's questions, in batches, so that nothing is held and writers get their turn. */
interface AuditedSamples {
  after(dataset: number, raw: string | null, count: number): RecordedSample[];
  missingOf(dataset: number, raws: readonly string[]): string[];
  orphansAmong(dataset: number, names: readonly string[]): string[];
}

/** Prepares the statements. */
export function auditedOf(db: Db): AuditedSamples {
  const columns = `raw, sample, bytes, outcome, next_at IS NOT NULL AS waiting,
    ${IS_ACKNOWLEDGED} AS acknowledged, gone_at AS goneAt`;
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
    orphansAmong: (dataset, names) =>
      names.filter((name) => named.get(dataset, name) === undefined),
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
