import { cachedSlice } from "../../lib/blocks.ts";
import type { Source } from "../../lib/source.ts";
import { type Database, openDatabase } from "../sqlite/database.ts";
import { readSchema, type SchemaObject } from "../sqlite/schema.ts";
import { readTable } from "../sqlite/table-sql.ts";
import { openTree } from "../sqlite/tree.ts";
import type { Column, Facts, TableFacts } from "./facts.ts";

/** Tables that are told of, at most. */
const MAX_TABLES = 1000;

/**
 * The tables of a SQLite database, with their columns; and rows, where a table has one page only.
 * No SQL is run.
 */
export async function sqliteFacts(read: NonNullable<Source["slice"]>): Promise<Facts> {
  const db = await openDatabase(cachedSlice(read));
  const objects = await readSchema(db);
  const tables: TableFacts[] = [];
  for (const object of objects) {
    const isOurs = object.type === "table" && !object.name.startsWith("sqlite_");
    if (isOurs && tables.length < MAX_TABLES) tables.push(await tableOf(object, db));
  }
  return { pageBytes: db.pageBytes, encoding: db.encoding, tables };
}

async function tableOf({ name, root, sql = "" }: SchemaObject, db: Database): Promise<TableFacts> {
  const columns = columnsIn(sql);
  // A virtual table has no page.
  const rows = root === 0 ? undefined : (await openTree(db, root)).count;
  return {
    name,
    ...(rows === undefined ? {} : { rows }),
    ...(columns === undefined ? {} : { columns }),
  };
}

/** The columns that the SQL of a table declares; undefined where it is not understood. */
function columnsIn(sql: string): Column[] | undefined {
  try {
    return readTable(sql).columns.map(({ name, type }) => ({ name, type }));
  } catch {
    return undefined;
  }
}
