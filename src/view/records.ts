import { cellOf, cut, isObject, kindOf } from "../decode/cell.ts";
import { joinTypes, typeOfStrings } from "../decode/column-type.ts";
import { type Counted, MAX_COLUMNS, rowsShown, tableOf, TYPED_ROWS } from "./table.ts";
import type { Column, Table } from "./types.ts";

/** The column of values that are not objects. */
const VALUE = "value";

/** The parts of a table of JSON values. */
export interface RecordParts {
  readonly title?: string | null;
  readonly values: readonly unknown[];
  /** Rows to show. */
  readonly rows: number;
  readonly counted?: Counted | undefined;
  readonly notes?: readonly string[];
}

/**
 * A table of JSON values: a column for each key of the objects, in order of first sight, and one
 * for values that are not objects.
 */
export function recordsTable({ title = null, values, rows, counted, notes }: RecordParts): Table {
  const keys = keysOf(values);
  const shown = [...keys].slice(0, MAX_COLUMNS);
  const most = rowsShown(keys.size, rows);
  const typed = values.slice(0, Math.max(most, TYPED_ROWS));
  const columns: Column[] = shown.map((key) => ({
    name: cut(key === undefined ? VALUE : key),
    type: typeOf(typed.map((value) => memberOf(value, key))),
  }));
  return tableOf({
    title,
    columns,
    columnCount: keys.size,
    rows: values.slice(0, most).map((value) => shown.map((key) => cellOf(memberOf(value, key)))),
    counted: counted ?? { rows: values.length },
    ...(notes === undefined ? {} : { notes }),
  });
}

/** All keys; undefined for a value that is not an object. */
function keysOf(values: readonly unknown[]): Set<string | undefined> {
  const keys = new Set<string | undefined>();
  for (const value of values) {
    if (!isObject(value)) keys.add(undefined);
    else for (const key of Object.keys(value)) keys.add(key);
  }
  return keys;
}

function memberOf(value: unknown, key: string | undefined): unknown {
  if (!isObject(value)) return key === undefined ? value : undefined;
  return key !== undefined && Object.hasOwn(value, key) ? value[key] : undefined;
}

function typeOf(values: readonly unknown[]): string {
  const type = joinTypes(values.map(kindOf));
  return type === "text" ? typeOfStrings(values.map(cellOf)) : type;
}
