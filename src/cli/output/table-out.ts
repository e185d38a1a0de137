import { stringify } from "csv-stringify/sync";
import stringWidth from "string-width";
import { jsonText, printable } from "../../lib/text.ts";
import type { Table } from "../../view/view.ts";
import { pad } from "./print.ts";

/** Forms that tables can be printed in, whole and alone. */
export type TableForm = "csv" | "json" | "md";

/**
 * A table as CSV, as a JSON array of objects, or in Markdown. It is exact, unless `isForPerson`:
 * then without control characters, and in CSV without formulas.
 */
export function tableAs(form: TableForm, table: Table, isForPerson: boolean): string {
  if (form === "json")
    return `${jsonText(
      table.rows.map((row) => objectOf(table, row)),
      2,
    )}\n`;
  const shown = isForPerson ? printable : (text: string) => text;
  const names = table.columns.map(({ name }) => shown(name));
  const rows = table.rows.map((row) => row.map((cell) => (cell === null ? "" : shown(cell))));
  if (form === "csv") return stringify([names, ...rows], { escape_formulas: isForPerson });
  const line = (cells: readonly string[]) => `| ${cells.map(marked).join(" | ")} |\n`;
  return [names, names.map(() => "---"), ...rows].map(line).join("");
}

/** A row as an object. Numbers and booleans stay such, where JSON has them exactly. */
function objectOf({ columns }: Table, row: readonly (string | null)[]): object {
  const members = columns.map(({ name, type }, i) => [name, valueOf(row[i] ?? null, type)]);
  return Object.fromEntries(members) as object;
}

function valueOf(cell: string | null, type: string): unknown {
  if (cell === null || !/^(integer|number|boolean)$/.test(type)) return cell;
  if (type === "boolean") return cell === "true" ? true : cell === "false" ? false : cell;
  return String(Number(cell)) === cell && Number.isFinite(Number(cell)) ? Number(cell) : cell;
}

/** Escapes characters that would end a cell of Markdown. */
function marked(text: string): string {
  return text
    .replaceAll("\\", "\\\\")
    .replaceAll("|", "\\|")
    .replaceAll(/\r?\n|\r/g, "<br>");
}

/** A table with each row on lines of its own: names and whole values. */
export function verticalText({ title, columns, rows, notes }: Table): string {
  const names = columns.map(({ name }) => printable(name));
  const longest = Math.max(0, ...names.map((name) => stringWidth(name)));
  const blocks = rows.map((row, r) =>
    [
      `row ${r + 1}`,
      ...names.map((name, i) => `  ${pad(name, longest)}  ${shownCell(row[i] ?? null)}`),
    ].join("\n"),
  );
  return [
    ...(title === null ? [] : [printable(title)]),
    ...blocks,
    ...notes.map((note) => `(${printable(note)})`),
  ].join("\n");
}

function shownCell(cell: string | null): string {
  return cell === null ? "∅" : printable(cell);
}
