import { hash } from "node:crypto";

/** Columns of a shape, at most; those after them are only counted. */
export const MAX_COLUMNS = 1000;
/** Characters of a column's name that are kept. */
export const MAX_NAME = 100;

/**
 * The shape of a file, as its sample shows it: how it is written, and which columns it has. There
 * are no values in it.
 */
export interface Shape {
  /** The format below compressions and containers, such as `csv` or `parquet`. */
  readonly format: string;
  /** The way it is written, such as `delimiter` or `encoding`: name and value. */
  readonly dialect: Readonly<Record<string, string>>;
  /** `first`: the first record names the columns; `none`: it looks like values. */
  readonly header?: "first" | "none";
  /** In the order of the file; a column without a name has its number. */
  readonly names: readonly string[];
  /** True where the order of columns means nothing, and a column may be missing in some records. */
  readonly isUnordered?: boolean;
  /** The types that a schema states. Absent where values tell. */
  readonly types?: readonly string[];
  /** Values of each kind (`KINDS`), column after column. Absent where a schema tells. */
  readonly counts?: readonly number[];
  /** Of unordered columns: those that every record has. */
  readonly always?: readonly boolean[];
  /** All columns, those that are left out of `names` too. */
  readonly columnCount: number;
}

/** The number of a shape: 12 hexadecimal digits. Shapes that differ in anything have others. */
export function shapeHash(text: string): string {
  return hash("sha256", text).slice(0, 12);
}

/** A column's name as a shape has it. */
export function shortName(name: string): string {
  return name.length > MAX_NAME ? name.slice(0, MAX_NAME).toWellFormed() : name;
}
