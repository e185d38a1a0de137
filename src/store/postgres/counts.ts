import type { CountedOutcome } from "../drain-store.ts";
import type { Counted, Verdict } from "../types.ts";
import type { Sql } from "./connect.ts";

/** Changes of counts that belong to one transaction. Nothing is written before `save`. */
export interface Counts {
  /**
   * Counts entries that went from one outcome to another; that came, where `from` is undefined; that
   * were forgotten, where `to` is.
   */
  moved(
    dataset: number,
    from: CountedOutcome | undefined,
    to: CountedOutcome | undefined,
    count?: number,
  ): void;
  /** Counts a verdict. */
  judged(dataset: number, verdict: Verdict): void;
  /** Adds to what happened so far. */
  add(dataset: number, counts: Partial<Record<Counted, number>>): void;
  /** Writes what was collected, at the end of the transaction: its rows are wanted by all others. */
  save(sql: Sql): Promise<void>;
}

/** A table of counts: its key is the dataset and this column. */
const TABLES = { totals: "outcome", verdicts: "result", counts: "what" } as const;
type Table = keyof typeof TABLES;

/** Begins to count; nothing is counted yet. */
export function createCounts(): Counts {
  const sums: Readonly<Record<Table, Map<number, Map<string, number>>>> = {
    totals: new Map(),
    verdicts: new Map(),
    counts: new Map(),
  };

  function change(table: Table, dataset: number, key: string, n: number): void {
    const of = sums[table].get(dataset) ?? new Map<string, number>();
    sums[table].set(dataset, of.set(key, (of.get(key) ?? 0) + n));
  }

  return {
    moved(dataset, from, to, count = 1) {
      if (from !== undefined) change("totals", dataset, from, -count);
      if (to !== undefined) change("totals", dataset, to, count);
    },
    judged: (dataset, verdict) => change("verdicts", dataset, verdict, 1),
    add(dataset, counts) {
      for (const [what, n] of Object.entries(counts)) change("counts", dataset, what, n);
    },
    async save(sql) {
      for (const table of Object.keys(TABLES) as Table[]) await write(sql, table, sums[table]);
    },
  };
}

async function write(
  sql: Sql,
  table: Table,
  sums: ReadonlyMap<number, ReadonlyMap<string, number>>,
): Promise<void> {
  const rows = [...sums].flatMap(([dataset, of]) =>
    [...of].map(([key, n]) => ({ dataset, key, n })),
  );
  const changed = rows.filter(({ n }) => n !== 0);
  if (changed.length === 0) return;
  const column = TABLES[table];
  // In the order of their keys, as everybody takes them.
  await sql.run(
    `INSERT INTO ${table} (dataset, ${column}, n)
     SELECT * FROM unnest($1::int[], $2::text[], $3::bigint[]) AS t (dataset, key, n)
       ORDER BY dataset, key COLLATE "C"
     ON CONFLICT (dataset, ${column}) DO UPDATE SET n = ${table}.n + excluded.n`,
    [
      changed.map(({ dataset }) => dataset),
      changed.map(({ key }) => key),
      changed.map(({ n }) => n),
    ],
  );
}
