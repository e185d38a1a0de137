import type { Column } from "../formats/facts/facts.ts";
import { type Database, openDatabase } from "../formats/sqlite/database.ts";
import { layoutOf, type Row } from "../formats/sqlite/layout.ts";
import { type Field, fieldsOf, textIn, valueOf } from "../formats/sqlite/record.ts";
import { readSchema, type SchemaObject } from "../formats/sqlite/schema.ts";
import { readTable } from "../formats/sqlite/table-sql.ts";
import { openTree } from "../formats/sqlite/tree.ts";
import { exact } from "./cell.ts";
import { hexText } from "./scalars.ts";

/** A table of a database, with its first rows. */
export interface DecodedTable {
  readonly name: string;
  /** Types as they are declared. */
  readonly columns: readonly Column[];
  /** A value for `cellOf` for each column. */
  readonly rows: readonly (readonly unknown[])[];
  /** Rows that it has. */
  readonly count: number;
  /** Columns that are left out: each reading would compute them. */
  readonly computed: number;
}

/** The columns that rows have, and their values. */
interface Columns extends Pick<DecodedTable, "columns" | "computed"> {
  of(row: Row): readonly (Field | undefined)[];
}

/**
 * Decodes the first rows of each table of a sample, but for SQLite's own tables.
 * @throws Failure FORMAT_INVALID, NoSample, RangeError
 */
export async function decodeTables(bytes: Buffer, most: number): Promise<readonly DecodedTable[]> {
  const db = await openDatabase(async (start, end) => bytes.subarray(start, end));
  const tables: DecodedTable[] = [];
  for (const object of await readSchema(db)) {
    const { type, name, root } = object;
    if (type !== "table" || root === 0 || name.startsWith("sqlite_")) continue;
    tables.push(await decodeTable(db, object, most));
  }
  return tables;
}

async function decodeTable(
  db: Database,
  { name, root, sql = "" }: SchemaObject,
  most: number,
): Promise<DecodedTable> {
  const found: Row[] = [];
  let count = 0;
  for await (const cell of (await openTree(db, root)).cells()) {
    if (count < most) found.push({ rowid: cell.rowid, fields: fieldsOf(await cell.record()) });
    count += 1;
  }
  const { columns, computed, of } = columnsIn(sql, db) ?? columnsOf(found);
  const rows = found.map((row) => of(row).map((field) => field && shown(field, db)));
  return { name, columns, rows, count, computed };
}

/** The columns that the SQL of a table declares; undefined where it is not understood. */
function columnsIn(sql: string, db: Database): Columns | undefined {
  try {
    const table = readTable(sql);
    const { values } = layoutOf(table, db);
    const stored = values.filter((value) => value !== undefined);
    return {
      columns: table.columns.filter((_, i) => values[i] !== undefined),
      computed: values.length - stored.length,
      of: (row) => stored.map((value) => value(row)),
    };
  } catch {
    return undefined;
  }
}

/** A column for each value that rows have. */
function columnsOf(rows: readonly Row[]): Columns {
  const count = rows.reduce((most, { fields }) => Math.max(most, fields.length), 0);
  const columns = Array.from({ length: count }, (_, i) => ({ name: `column ${i + 1}`, type: "" }));
  return { columns, computed: 0, of: ({ fields }) => columns.map((_, i) => fields[i]) };
}

function shown(field: Field, { encoding }: Database): unknown {
  const value = valueOf(field);
  if (value.kind === "null") return null;
  if (value.kind === "number") return exact(String(value.number));
  return value.kind === "text" ? textIn(value.bytes, encoding) : hexText(value.bytes);
}
