import { cellOf, cut } from "../decode/cell.ts";
import type { DecodedRows } from "../decode/decoded-rows.ts";
import { errorMessage, Failure } from "../errors.ts";
import { countText } from "../lib/text.ts";
import { MAX_COLUMNS, tableOf } from "./table.ts";
import type { Viewer } from "./viewer.ts";

/**
 * The viewer of a format whose rows are decoded: a column for each of the outermost fields, typed in the
 * format's own words. `what` is a file of it, such as `an ORC file`.
 * @throws from the viewer: Failure FORMAT_INVALID
 */
export function viewDecoded(
  what: string,
  decode: (bytes: Uint8Array, most: number) => Promise<DecodedRows>,
): Viewer {
  return async ({ bytes, rows, counted }) => {
    try {
      const { columns, rows: values, fault } = await decode(bytes, rows);
      const shown = columns.slice(0, MAX_COLUMNS);
      const table = tableOf({
        columns: shown.map(({ name, type }) => ({ name: cut(name), type })),
        columnCount: columns.length,
        rows: values.map((row) => shown.map((_, i) => cellOf(row[i]))),
        ...(fault === undefined ? { counted: counted ?? { rows: values.length } } : {}),
        notes: fault === undefined ? [] : ["rows are not decoded"],
      });
      return {
        facts: [["columns", countText(columns.length)]],
        tables: [table],
        warnings: fault === undefined ? [] : [`rows are not decoded: ${fault}`],
      };
    } catch (error) {
      const message = `not ${what} that can be shown: ${errorMessage(error)}`;
      throw new Failure("FORMAT_INVALID", message, { cause: error });
    }
  };
}
