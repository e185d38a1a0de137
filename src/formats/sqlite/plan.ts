import { NoSample } from "../../errors.ts";
import { cursorOf } from "./cursor.ts";
import type { Database } from "./database.ts";
import { indexedColumns } from "./indexed-columns.ts";
import { invalid } from "./invalid.ts";
import { type IndexValue, type Layout, layoutOf } from "./layout.ts";
import { chooseObjects, listOf } from "./left-out.ts";
import type { SchemaObject } from "./schema.ts";
import { readTable } from "./table-sql.ts";
import { folded, tokensOf } from "./tokens.ts";

/** A table whose rows are sampled, and the indexes that are made of them. */
export interface TablePlan {
  readonly object: SchemaObject;
  /** False for one without row ids; undefined where its SQL is not understood. */
  readonly isTable: boolean | undefined;
  /** By which a table without row ids is sorted. */
  readonly order: readonly IndexValue[] | undefined;
  readonly indexes: readonly IndexPlan[];
}

/** An index that is made of its table's rows. */
export interface IndexPlan {
  readonly object: SchemaObject;
  readonly values: readonly IndexValue[];
}

/** The parts of a sample, before rows are read. */
export interface Plan {
  readonly objects: readonly SchemaObject[];
  readonly tables: readonly TablePlan[];
  /** Virtual tables that are left out, folded. */
  readonly virtual: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

const AUTOMATIC = /^sqlite_autoindex_.*_(\d+)$/is;

/**
 * Plans a sample: tables with the indexes that can be made of their rows, views, triggers.
 * @throws NoSample where an index is needed and cannot be made; Failure FORMAT_INVALID
 */
export function planSample(all: readonly SchemaObject[], db: Database): Plan {
  const { kept, virtual, warnings } = chooseObjects(all);
  const left: SchemaObject[] = [];
  const indexes = Map.groupBy(
    kept.filter(({ type }) => type === "index"),
    ({ table }) => folded(table),
  );
  const tables = kept
    .filter(({ type }) => type === "table")
    .map((object) => {
      if (object.root < 2) throw invalid(`the table ${object.name} has no page`);
      const layout = layoutIn(object, db);
      const own = indexes.get(folded(object.name)) ?? [];
      indexes.delete(folded(object.name));
      const planned = own.flatMap((index) => planIndex(index, layout));
      return { object, isTable: layout?.hasRowids, order: layout?.order, indexes: planned };
    });
  if (indexes.size > 0) throw invalid("an index of no table");
  const made = new Set(tables.flatMap((table) => table.indexes.map(({ object }) => object)));
  const objects = kept.filter((object) => object.type !== "index" || made.has(object));
  const missing =
    left.length === 0 ? [] : [`left out: indexes that cannot be made: ${listOf(left)}`];
  return { objects, tables, virtual, warnings: [...warnings, ...missing] };

  function planIndex(object: SchemaObject, layout: Layout | undefined): IndexPlan[] {
    const { name, sql } = object;
    const values = sql === undefined ? automaticValues(name, layout) : valuesIn(sql, layout);
    if (values !== undefined) return [{ object, values }];
    if (sql === undefined) throw new NoSample(`${name} cannot be made again`);
    left.push(object);
    return [];
  }
}

/** The layout of a table; undefined where its SQL is not understood. */
function layoutIn({ sql, name }: SchemaObject, db: Database): Layout | undefined {
  // Tables of SQLite itself have no indexes.
  if (sql === undefined || name.startsWith("sqlite_")) return undefined;
  try {
    return layoutOf(readTable(sql), db);
  } catch {
    return undefined;
  }
}

function automaticValues(
  name: string,
  layout: Layout | undefined,
): readonly IndexValue[] | undefined {
  return layout?.automatic[Number(AUTOMATIC.exec(name)?.[1] ?? 0) - 1];
}

/** The values of an index by its SQL (sqlite.org/lang_createindex.html); undefined where it is not of columns only. */
function valuesIn(sql: string, layout: Layout | undefined): readonly IndexValue[] | undefined {
  try {
    const cursor = cursorOf(tokensOf(sql));
    cursor.expect("create");
    cursor.take("unique");
    cursor.expect("index");
    cursor.name();
    cursor.expect("on");
    cursor.name();
    const columns = indexedColumns(cursor);
    // What follows is the condition of a partial index.
    return columns && cursor.peek() === undefined ? layout?.index(columns) : undefined;
  } catch {
    return undefined;
  }
}
