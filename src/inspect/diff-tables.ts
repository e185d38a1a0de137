import type { Table } from "../view/view.ts";

/** The parts of a table that are compared. */
export type ComparedTable = Pick<Table, "columns" | "rows">;

/** The differences of one table: of the whole file, or of an archive's member. */
export interface TableDiff {
  /** As in `Table`. */
  readonly title: string | null;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly retyped: readonly {
    readonly column: string;
    readonly was: string;
    readonly is: string;
  }[];
  /** True where columns that both have are in another order. */
  readonly isReordered: boolean;
  /** Columns that both have: those in which rows are compared. */
  readonly columns: readonly string[];
  /** Rows that both have. */
  readonly same: number;
  readonly onlyBefore: RowsOfSide;
  readonly onlyNow: RowsOfSide;
}

/** Rows that only one side has: their number, and the first of them. */
export interface RowsOfSide {
  readonly count: number;
  readonly rows: readonly (readonly (string | null)[])[];
}

/** Compares two tables; `most` rows of each side are kept. */
export function diffTables(
  title: string | null,
  before: ComparedTable,
  now: ComparedTable,
  most: number,
): TableDiff {
  const was = new Map(before.columns.map(({ name, type }) => [name, type]));
  const is = new Map(now.columns.map(({ name, type }) => [name, type]));
  const columns = [...was.keys()].filter((name) => is.has(name));
  const order = [...is.keys()].filter((name) => was.has(name));
  const left = rowsBy(before, columns);
  const right = rowsBy(now, columns);
  const onlyBefore = missingIn(left, right);
  return {
    title,
    added: [...is.keys()].filter((name) => !was.has(name)),
    removed: [...was.keys()].filter((name) => !is.has(name)),
    retyped: columns.flatMap((column) => {
      const [old, fresh] = [was.get(column) as string, is.get(column) as string];
      return old === fresh ? [] : [{ column, was: old, is: fresh }];
    }),
    isReordered: columns.join("\n") !== order.join("\n"),
    columns,
    same: left.length - onlyBefore.length,
    onlyBefore: firstOf(onlyBefore, most),
    onlyNow: firstOf(missingIn(right, left), most),
  };
}

type Row = readonly (string | null)[];

/** The cells of some columns, row by row. */
function rowsBy({ columns, rows }: ComparedTable, names: readonly string[]): Row[] {
  const places = names.map((name) => columns.findIndex((column) => column.name === name));
  return rows.map((row) => places.map((place) => row[place] ?? null));
}

/** The rows that are not among others, as often as they are missing there. */
function missingIn(rows: readonly Row[], others: readonly Row[]): Row[] {
  const counts = new Map<string, number>();
  for (const row of others) {
    const key = JSON.stringify(row);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return rows.filter((row) => {
    const key = JSON.stringify(row);
    const left = counts.get(key) ?? 0;
    counts.set(key, left - 1);
    return left <= 0;
  });
}

function firstOf(rows: readonly Row[], most: number): RowsOfSide {
  return { count: rows.length, rows: rows.slice(0, most) };
}
