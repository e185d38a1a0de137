import { Failure } from "../../errors.ts";
import { nearest } from "../../lib/nearest.ts";
import type { Table, View } from "../../view/view.ts";

/** Names that are offered for an unknown one. */
const OFFERED = 3;

/**
 * A view with these columns only, in this order; tables that have none of them are left out.
 * @throws Failure USAGE for a name that no table has
 */
export function withColumns(view: View, names: readonly string[]): View {
  const known = new Set(view.tables.flatMap(({ columns }) => columns.map(({ name }) => name)));
  for (const name of names) {
    if (known.has(name)) continue;
    const near = nearest(name, known, OFFERED);
    const hint = near.length === 0 ? "`--schema` names them" : `did you mean ${near.join(", ")}?`;
    throw new Failure("USAGE", `--columns ${name}: there is no such column; ${hint}`);
  }
  const tables = view.tables.map((table) => picked(table, names));
  return { ...view, tables: tables.filter(({ columns }) => columns.length > 0) };
}

function picked(table: Table, names: readonly string[]): Table {
  const places = names.flatMap((name) =>
    table.columns.flatMap((column, i) => (column.name === name ? [i] : [])),
  );
  return {
    ...table,
    columns: places.flatMap((i) => table.columns[i] ?? []),
    rows: table.rows.map((row) => places.map((i) => row[i] ?? null)),
  };
}

/** A view's columns, as tables of names and types. */
export function schemaOf(view: View): View {
  const tables = view.tables.map(({ title, columns }) => ({
    title,
    columns: [
      { name: "column", type: "text" },
      { name: "type", type: "text" },
    ],
    rows: columns.map(({ name, type }) => [name, type]),
    notes: [],
  }));
  return { ...view, tables };
}
