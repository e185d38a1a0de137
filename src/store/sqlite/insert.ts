import type { Db } from "./open.ts";

/**
 * Inserts rows that have some values in common; the others come as one list, row after row. Returns
 * how many rows were inserted.
 */
export type Insert = (shared: readonly unknown[], values: readonly unknown[]) => number;

/** Options of `insertOf`. */
export interface InsertOptions {
  readonly table: string;
  /** Columns that are the same in all rows. */
  readonly shared: readonly string[];
  readonly columns: readonly string[];
  /** True to leave out rows whose key is there already. */
  readonly ignores: boolean;
}

/** Rows that go in one call: of what a small row costs, half is the call and the values bound. */
const TOGETHER = 32;

/** Prepares the statements. */
export function insertOf(db: Db, { table, shared, columns, ignores }: InsertOptions): Insert {
  const marks = (count: number) => Array(count).fill("?").join(", ");
  const prepare = (rows: number) =>
    db.prepare(
      `WITH shared AS (SELECT ${marks(shared.length)}),
         rows AS (VALUES ${Array(rows)
           .fill(`(${marks(columns.length)})`)
           .join(", ")})
       INSERT ${ignores ? "OR IGNORE " : ""}INTO ${table} (${[...shared, ...columns].join(", ")})
       SELECT * FROM shared CROSS JOIN rows`,
    );
  const many = prepare(TOGETHER);
  const one = prepare(1);
  return (same, values) => {
    let inserted = 0;
    for (let at = 0; at < values.length;) {
      const left = (values.length - at) / columns.length;
      const [statement, rows] = left < TOGETHER ? [one, 1] : [many, TOGETHER];
      const end = at + rows * columns.length;
      inserted += statement.run(...same, ...values.slice(at, end)).changes;
      at = end;
    }
    return inserted;
  };
}
