import { cut } from "../decode/cell.ts";
import { joinTypes } from "../decode/column-type.ts";
import { columnLetters, type DecodedSheet, decodeSheets, type SheetCell } from "../decode/xlsx.ts";
import { errorMessage, Failure } from "../errors.ts";
import { countText } from "../lib/text.ts";
import { MAX_COLUMNS, rowsShown, tableOf, TYPED_ROWS } from "./table.ts";
import type { Table } from "./types.ts";
import type { Viewer, ViewRequest } from "./viewer.ts";

/** Sheets that are shown; a workbook may have thousands. */
const MAX_SHEETS = 50;

type Cells = ReadonlyMap<number, SheetCell>;

/**
 * Spreadsheets: a table for each sheet. Its header is the first row where that has text in each
 * column; else the columns have their letters.
 * @throws Failure FORMAT_INVALID
 */
export const viewXlsx: Viewer = async (request) => {
  const { bytes, limits, signal } = request;
  try {
    const sheets = await decodeSheets(bytes, limits, signal);
    const left = sheets.length - MAX_SHEETS;
    return {
      facts: [["sheets", countText(sheets.length)]],
      tables: sheets.slice(0, MAX_SHEETS).map((sheet) => tableOfSheet(sheet, request)),
      warnings: left > 0 ? [`not shown: ${countText(left)} more sheets`] : [],
    };
  } catch (error) {
    signal.throwIfAborted();
    const message = `not a spreadsheet that can be shown: ${errorMessage(error)}`;
    throw new Failure("FORMAT_INVALID", message, { cause: error });
  }
};

function tableOfSheet({ name, rows: all }: DecodedSheet, request: ViewRequest): Table {
  const { rows: wanted, counted, limits } = request;
  const count = all.reduce((most, row) => Math.max(most, ...row.keys()), -1) + 1;
  const header = headerOf(all, count);
  const body = header === undefined ? all : all.slice(1);
  const most = rowsShown(count, wanted);
  const typed = body.slice(0, Math.max(most, TYPED_ROWS));
  const columns = Array.from({ length: Math.min(count, MAX_COLUMNS) }, (_, i) => ({
    name: cut(header?.get(i)?.text || columnLetters(i)),
    type: joinTypes(typed.map((row) => row.get(i)?.kind)),
  }));
  const shown = body.slice(0, most).map((row) => columns.map((_, i) => shownCell(row.get(i))));
  const isCut = counted?.cut !== undefined && all.length >= limits.rows;
  const rows = { rows: body.length, cut: isCut ? ("rows" as const) : undefined };
  return tableOf({ title: cut(name), columns, columnCount: count, rows: shown, counted: rows });
}

/** The first row, where others follow and it has a text for each column. */
function headerOf([row, next]: readonly Cells[], count: number): Cells | undefined {
  if (row === undefined || next === undefined) return undefined;
  for (let i = 0; i < count; i += 1) {
    const cell = row.get(i);
    if (cell?.kind !== "text" || cell.text === "") return undefined;
  }
  return row;
}

function shownCell(cell: SheetCell | undefined): string | null {
  return cell === undefined ? null : cut(cell.text);
}
