import { cellOf, cut } from "../decode/cell.ts";
import { type DecodedTable, decodeTables } from "../decode/sqlite.ts";
import { errorMessage, Failure } from "../errors.ts";
import { counted as countedText, countText } from "../lib/text.ts";
import { MAX_COLUMNS, tableOf } from "./table.ts";
import type { Table } from "./types.ts";
import type { Viewer, ViewRequest } from "./viewer.ts";

/** Tables that are shown; a database may have thousands. */
const MAX_TABLES = 50;

/**
 * SQLite databases: each table, its columns typed as they are declared.
 * @throws Failure FORMAT_INVALID
 */
export const viewSqlite: Viewer = async (request) => {
  try {
    const tables = await decodeTables(request.bytes, request.rows);
    const left = tables.length - MAX_TABLES;
    return {
      facts: [["tables", countText(tables.length)]],
      tables: tables.slice(0, MAX_TABLES).map((table) => shownTable(table, request)),
      warnings: left > 0 ? [`not shown: ${countText(left)} more tables`] : [],
    };
  } catch (error) {
    const message = `not a database that can be shown: ${errorMessage(error)}`;
    throw new Failure("FORMAT_INVALID", message, { cause: error });
  }
};

function shownTable(
  { name, columns, rows, count, computed }: DecodedTable,
  { counted, limits }: ViewRequest,
): Table {
  const shown = columns.slice(0, MAX_COLUMNS);
  const isCut = counted?.cut !== undefined && count === limits.rows;
  return tableOf({
    title: cut(name),
    columns: shown.map((column) => ({ name: cut(column.name), type: cut(column.type) })),
    columnCount: columns.length,
    rows: rows.map((row) => shown.map((_, i) => cellOf(row[i]))),
    counted: { rows: count, cut: isCut ? "rows" : undefined },
    notes: computed === 0 ? [] : [`without ${countedText(computed, "computed column")}`],
  });
}
