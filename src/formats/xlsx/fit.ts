import { NoSample } from "../../errors.ts";
import type { Limits } from "../../lib/limits.ts";
import type { Row, Sheet } from "./sheet.ts";
import type { SharedStrings } from "./strings.ts";

/** The rows that a sample has, and the strings in them. */
export interface Fitting {
  /** Rows of each sheet. */
  readonly rows: readonly number[];
  /** Rows with values, of all sheets. */
  readonly count: number;
  readonly strings: ReadonlySet<number>;
}

/**
 * Chooses rows: each counts with the strings that no row before it had. Of the bytes that are left a
 * sheet may use as many as each of those after it. One row is always kept.
 * @throws NoSample where that row is too large
 */
export function fitRows(
  sheets: readonly Sheet[],
  table: SharedStrings,
  { bytes, recordBytes }: Limits,
): Fitting {
  const strings = new Set<number>();
  let left = bytes;
  let all = 0;
  let count = 0;
  const rows = sheets.map((sheet, i) => {
    const end = left - left / (sheets.length - i);
    let kept = 0;
    for (const row of sheet.rows) {
      const cost = costOf(row, table, strings);
      if (all === 0 && cost > recordBytes) {
        throw new NoSample(`a row is larger than ${recordBytes} bytes`);
      }
      if (all > 0 && left - cost < end) break;
      for (const index of row.strings) if (table.used.has(index)) strings.add(index);
      left -= cost;
      kept += 1;
      all += 1;
      if (row.hasValues) count += 1;
    }
    return kept;
  });
  return { rows, count, strings };
}

/** Bytes of a row and of its strings but those that are kept already; infinite where one was not read. */
function costOf(row: Row, { used, isWhole }: SharedStrings, kept: ReadonlySet<number>): number {
  let cost = row.text.length;
  for (const index of new Set(row.strings)) {
    if (kept.has(index)) continue;
    cost += used.get(index)?.length ?? (isWhole ? 0 : Infinity);
  }
  return cost;
}
