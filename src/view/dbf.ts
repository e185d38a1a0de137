import { cellOf, cut } from "../decode/cell.ts";
import { decodeDbf } from "../decode/dbf.ts";
import type { DbfField } from "../formats/dbf/header.ts";
import { errorMessage, Failure } from "../errors.ts";
import { counted as countedText, countText } from "../lib/text.ts";
import { MAX_COLUMNS, tableOf } from "./table.ts";
import type { Viewer } from "./viewer.ts";

/** Names of types of fields. */
const types: Readonly<Record<string, string>> = {
  C: "character",
  N: "numeric",
  F: "float",
  D: "date",
  L: "logical",
  I: "integer",
  Y: "currency",
  T: "datetime",
  B: "double",
  M: "memo",
};

/**
 * dBase: a column for each field, typed in dBase's own words.
 * @throws Failure FORMAT_INVALID
 */
export const viewDbf: Viewer = ({ bytes, rows, counted }) => {
  try {
    const { fields, rows: values, deleted } = decodeDbf(bytes, rows);
    const shown = fields.slice(0, MAX_COLUMNS);
    const table = tableOf({
      columns: shown.map((field) => ({ name: cut(field.name), type: typeOf(field) })),
      columnCount: fields.length,
      rows: values.map((row) => shown.map((_, i) => cellOf(row[i]))),
      counted: counted ?? { rows: values.length },
      notes: deleted === 0 ? [] : [`${countedText(deleted, "row")} marked as deleted`],
    });
    return { facts: [["columns", countText(fields.length)]], tables: [table], warnings: [] };
  } catch (error) {
    const message = `not a dBase table that can be shown: ${errorMessage(error)}`;
    throw new Failure("FORMAT_INVALID", message, { cause: error });
  }
};

function typeOf({ type, bytes, decimals }: DbfField): string {
  const name = types[type] ?? cut(type);
  if (!"CNF".includes(type)) return name;
  return decimals === 0 ? `${name}(${bytes})` : `${name}(${bytes}, ${decimals})`;
}
