import type { ForgetRawOptions, Forgettable as Known, RemoveSample } from "../upkeep-store.ts";
import type { CountedOutcome } from "../drain-store.ts";
import { pathBytes } from "../../lib/pep383.ts";
import type { Db } from "./open.ts";
import { outcomesOf } from "./outcome-counts.ts";

/** Forgets entries, each in the transaction in which its sample is removed. */
export interface Forgetting {
  /** Counts what is known of a dataset, or of one of its raws. */
  known(dataset: number, raw?: string): Known;
  /**
   * Forgets one raw: a line with its mtime no longer changes anything. The sample's name stays
   * reserved for the raw. `now` is ms since epoch.
   * @throws what `remove` throws
   */
  forgetRaw(dataset: number, raw: string, options: ForgetRawOptions): void;
  /**
   * Forgets some more entries of a dataset; returns their number. Ends where `remove` throws; what
   * came before is done.
   * @throws what `remove` throws
   */
  forgetSome(dataset: number, remove: RemoveSample): number;
  /** Forgets the rest of a dataset: names, checkpoints, bad lines, counts. `now` is ms since epoch. */
  forgetRest(dataset: number, now: number): void;
}

interface Row {
  readonly raw: string | Buffer;
  readonly sample: string | null;
  readonly outcome: CountedOutcome;
}

/** Rows that are written at once, so that a daemon beside us gets its turn. */
const PAGE = 1000;

/** Prepares the statements. */
export function forgettingOf(db: Db): Forgetting {
  const changeOutcomes = outcomesOf(db);
  const countsOf = (condition: string) =>
    db.prepare(
      `SELECT count(*) AS entries, count(sample) AS samples,
         coalesce(sum(bytes) FILTER (WHERE sample IS NOT NULL), 0) AS bytes
       FROM files WHERE dataset = @dataset ${condition}`,
    );
  const columns = "raw, sample, coalesce(counted, 'new') AS outcome";
  const one = db.prepare(`SELECT ${columns} FROM files WHERE dataset = ? AND raw = ?`);
  const some = db.prepare(`SELECT ${columns} FROM files WHERE dataset = ? LIMIT ${PAGE}`);
  const remember = db.prepare(
    `INSERT OR REPLACE INTO forgotten (dataset, raw, mtime, at)
     SELECT dataset, raw, mtime, ? FROM files WHERE dataset = ? AND raw = ?`,
  );
  const remove = db.prepare("DELETE FROM files WHERE dataset = ? AND raw = ?");

  /**
   * Forgets rows. Returns an error instead of throwing it, so that what was done before is kept.
   */
  function forgetAll(dataset: number, rows: readonly Row[], removeSample: RemoveSample): unknown {
    const outcomes = changeOutcomes();
    let failure: unknown;
    for (const { raw, sample, outcome } of rows) {
      try {
        if (sample !== null) removeSample(sample);
      } catch (error) {
        failure = error;
        break;
      }
      remove.run(dataset, raw);
      outcomes.gone(dataset, outcome);
    }
    outcomes.save();
    return failure;
  }

  const forgetOne = db.transaction((dataset: number, raw: string, options: ForgetRawOptions) => {
    const key = pathBytes(raw);
    remember.run(options.now, dataset, key);
    const failure = forgetAll(dataset, one.all(dataset, key) as Row[], options.remove);
    if (failure !== undefined) throw failure;
  });
  const forgetPage = db.transaction((dataset: number, removeSample: RemoveSample) => {
    const rows = some.all(dataset) as Row[];
    return { count: rows.length, failure: forgetAll(dataset, rows, removeSample) };
  });

  return {
    known: (dataset, raw) =>
      raw === undefined
        ? (countsOf("").get({ dataset }) as Known)
        : (countsOf("AND raw = @key").get({ dataset, key: pathBytes(raw) }) as Known),
    forgetRaw: (dataset, raw, options) => forgetOne.immediate(dataset, raw, options),
    forgetSome(dataset, removeSample) {
      const { count, failure } = forgetPage.immediate(dataset, removeSample);
      if (failure !== undefined) throw failure;
      return count;
    },
    forgetRest: (dataset, now) => forgetRest(db, dataset, now),
  };
}

/** Tables that can have many rows of a dataset, and the column that tells these rows apart. */
const large = {
  names: "name",
  rejected: "id",
  acknowledged_lines: "id",
  forgotten: "raw",
  series: "key",
  raw_directories: "path",
  raw_names: "directory",
  raw_resting: "name",
};

function forgetRest(db: Db, dataset: number, now: number): void {
  for (const [table, key] of Object.entries(large)) {
    const some = db.prepare(
      `DELETE FROM ${table} WHERE dataset = @dataset AND ${key} IN (
         SELECT ${key} FROM ${table} WHERE dataset = @dataset LIMIT ${PAGE})`,
    );
    while (some.run({ dataset }).changes > 0);
  }
  db.transaction((): void => {
    for (const table of ["checkpoints", "counts", "totals", "verdicts"])
      db.prepare(`DELETE FROM ${table} WHERE dataset = ?`).run(dataset);
    db.prepare("UPDATE datasets SET forgotten_at = ? WHERE id = ?").run(now, dataset);
  }).immediate();
}
