/** A reader's result for a file. */
export interface Rows {
  /** The file's own description of its columns, and of itself. */
  readonly columns: readonly string[];
  /** Each row's values, as `spell` spells them. */
  readonly rows: readonly (readonly string[])[];
}

/** Reads at most that many rows of a file. @throws Error where the reader does not read it */
export type ReadRows = (path: string, limit: number) => Promise<Rows>;

/** Rows of a sample, where the original has as many. */
export const SAMPLE_ROWS = 100;

/** More rows than any sample has. */
export const ALL_ROWS = 1_000_000;

/** The rows a sample has to have: what its original has, or fewer where bytes cut it. */
export function wantedRows(original: Rows, sample: Rows, isCutByBytes: boolean): Rows {
  const { length } = sample.rows;
  return isCutByBytes && length > 0
    ? { ...original, rows: original.rows.slice(0, length) }
    : original;
}

/** The place at which a sample describes itself otherwise than its original, or undefined. */
export function columnsFault(original: Rows, sample: Rows): string | undefined {
  const count = Math.max(original.columns.length, sample.columns.length);
  for (let i = 0; i < count; i += 1) {
    const [wanted, found] = [original.columns[i], sample.columns[i]];
    if (found !== wanted) return `says "${found}", not "${wanted}"`;
  }
  return undefined;
}

/** The place at which a sample has other values than the rows it was made from, or undefined. */
export function valuesFault(original: Rows, sample: Rows): string | undefined {
  if (original.rows.length !== sample.rows.length) {
    return `${sample.rows.length} rows, not ${original.rows.length}`;
  }
  for (const [i, row] of original.rows.entries()) {
    const found = sample.rows[i] ?? [];
    const at = row.findIndex((value, column) => value !== found[column]);
    if (at >= 0) return `row ${i + 1}, column ${at + 1} is ${found[at]}, not ${row[at]}`;
  }
  return undefined;
}
