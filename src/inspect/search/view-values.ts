import type { View } from "../../view/view.ts";

/** A value of a sample, and where it stands. */
export interface SampleValue {
  /** The part of the sample that has it, such as a sheet or a member; null for the whole. */
  readonly table: string | null;
  readonly column: string;
  /** From 1. */
  readonly row: number;
  readonly value: string;
}

/** The values of a sample, row by row. Where the first record does not name the columns, it has some. */
export function* valuesOf({ tables, written }: View): Generator<SampleValue, void, void> {
  const isNamed = written?.header !== false;
  for (const { title, columns, rows } of tables) {
    const names = columns.map(({ name }) => name);
    const all = isNamed ? rows : [names, ...rows];
    for (const [r, row] of all.entries()) {
      for (const [c, value] of row.entries()) {
        if (value === null) continue;
        const column = isNamed ? (names[c] ?? "") : `(${c + 1})`;
        yield { table: title, column, row: r + 1, value };
      }
    }
  }
}
