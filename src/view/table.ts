import { countText, counted } from "../lib/text.ts";
import type { Cut } from "../lib/records.ts";
import type { Column, Table } from "./types.ts";

/** Columns of a table; further ones are left out. */
export const MAX_COLUMNS = 2000;
/** Rows that have a say in a column's type, at least. */
export const TYPED_ROWS = 100;
/** Cells of a table: all columns of 100 rows. With more, rows are left out. */
const MAX_CELLS = 200_000;

/** The parts of a table. */
export interface TableParts {
  readonly title?: string | null;
  readonly columns: readonly Column[];
  /** Number of columns in all, where that is more. */
  readonly columnCount?: number;
  /** The rows to show. */
  readonly rows: readonly (readonly (string | null)[])[];
  readonly counted?: Counted;
  readonly notes?: readonly string[];
}

/** Number of rows in all, of which a part may be shown. */
export interface Counted {
  /** Rows that were looked at. */
  readonly rows: number;
  /** The limit that ended the look before the file's end; undefined when those rows are all. */
  readonly cut?: Cut | undefined;
}

/** Number of the wanted rows that are shown where there are more columns than fit. */
export function rowsShown(columns: number, wanted: number): number {
  const shown = Math.min(columns, MAX_COLUMNS);
  return Math.min(wanted, Math.max(1, Math.floor(MAX_CELLS / Math.max(1, shown))));
}

/** Makes a table within bounds; its notes say what was left out. */
export function tableOf(parts: TableParts): Table {
  const { title = null, columns, columnCount = columns.length, rows, notes = [] } = parts;
  const kept = columns.slice(0, MAX_COLUMNS);
  const shown = rows.slice(0, rowsShown(columnCount, rows.length));
  return {
    title,
    columns: kept,
    rows: shown.map((row) => kept.map((_, i) => row[i] ?? null)),
    notes: [
      ...rowsNote(shown.length, parts.counted ?? { rows: rows.length }),
      ...columnsNote(kept.length, columnCount),
      ...notes,
    ],
  };
}

function columnsNote(shown: number, all: number): string[] {
  return shown < all ? [`first ${countText(shown)} of ${counted(all, "column")}`] : [];
}

function rowsNote(shown: number, { rows, cut }: Counted): string[] {
  if (cut !== undefined) {
    const isFull = cut === "bytes" && shown >= rows;
    const first = shown === 1 ? "first row" : `first ${counted(shown, "row")}`;
    return [`${first}${isFull ? ", all that fit" : ""}; the file has more`];
  }
  return shown < rows ? [`first ${countText(shown)} of ${counted(rows, "row")}`] : [];
}
