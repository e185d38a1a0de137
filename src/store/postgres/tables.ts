import { type Facts, type Source, type Target, textFacts } from "../copy/parts.ts";
import { columnsOf, type Kind, quoted, type Row, type Table, type Value } from "../copy/tables.ts";
import { bytesOf, pathOf } from "../paths.ts";
import { type Db, SCHEMA, type Sql } from "./connect.ts";
import { metaOf, setMeta } from "./meta.ts";

/** Types of the arrays in which columns are written. */
const arrays: Readonly<Record<Kind, string>> = {
  integer: "bigint[]",
  real: "double precision[]",
  text: "text[]",
  path: "bytea[]",
  directory: "bytea[]",
  boolean: "boolean[]",
};

/** Facts that are kept as text under their own names. */
const databaseFacts = [...textFacts, "urlKey"] as const;

/** A column that a cache has not, and its value: any host brings these samples to disk. */
const unsyncedHost = { column: ", host", value: ", 0" };

/** The tables of a database, to be read. `name` is its name for people. */
export function databaseTables(db: Db, name: string): Source {
  return {
    name,
    async count({ name: table }) {
      const found = await db.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`);
      return (found as { n: number }).n;
    },
    async rowsAfter(table, key, limit) {
      const order = table.key.map(quoted).join(", ");
      const kinds = table.key.map((column) => table.columns[column] as Kind);
      const after = (key ?? []).map((value, i) => parameterOf(kinds[i] as Kind, value));
      const marks = after.map((_, i) => `$${i + 2}`).join(", ");
      const rows = await db.all<Readonly<Record<string, Value>>>(
        `SELECT ${columnsOf(table).map(quoted).join(", ")} FROM ${table.name}
         ${key === undefined ? "" : `WHERE (${order}) > (${marks})`} ORDER BY ${order} LIMIT $1`,
        [limit, ...after],
      );
      const columns = Object.entries(table.columns);
      return rows.map((row) =>
        columns.map(([column, kind]) => valueOf(kind, row[column] as Value)),
      );
    },
    async facts() {
      const texts = databaseFacts.map(async (key) => [key, await metaOf(db, key)] as const);
      const found = await db.get<{ n: number }>(
        "SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS n FROM arrivals",
      );
      const lastArrival = (found as { n: number }).n;
      return { ...Object.fromEntries(await Promise.all(texts)), lastArrival } as Facts;
    },
  };
}

/** The same, to be filled: of a database that nobody can open before `finish`. */
export function databaseToFill(db: Db, name: string): Target {
  return {
    ...databaseTables(db, name),
    howToClear: `remove what it has, DROP SCHEMA ${SCHEMA}, ${SCHEMA}_turns CASCADE`,
    note: () => metaOf(db, "migration"),
    async isTaken() {
      return (await db.get("SELECT FROM datasets LIMIT 1")) !== undefined;
    },
    cameFrom: () => metaOf(db, "migratedFrom"),
    add: (table, rows, note) =>
      db.transaction(async (sql) => {
        await insert(sql, table, rows);
        await setMeta(sql, "migration", note);
      }),
    empty: (table, note) =>
      db.transaction(async (sql) => {
        await sql.run(`TRUNCATE ${table.name}`);
        await setMeta(sql, "migration", note);
      }),
    finish: ({ lastArrival, ...texts }, from) =>
      db.transaction(async (sql) => {
        for (const key of databaseFacts)
          if (texts[key] !== undefined) await setMeta(sql, key, texts[key]);
        await sql.all("SELECT setval('arrivals', greatest($1::bigint, 1), $1::bigint > 0)", [
          lastArrival,
        ]);
        for (const table of ["datasets", "rejected", "acknowledged_lines", "unsynced"])
          await numberOn(sql, table);
        await setMeta(sql, "migratedFrom", from);
        await sql.run("DELETE FROM facts WHERE host = 0 AND key = 'migration'");
      }),
  };
}

/** Has the next row of a table get a number that no row has. */
async function numberOn(sql: Sql, table: string): Promise<void> {
  await sql.all(
    `SELECT setval(pg_get_serial_sequence('${table}', 'id'), greatest(max(id), 1), max(id) > 0)
     FROM ${table} HAVING max(id) > 0`,
  );
}

async function insert(sql: Sql, table: Table, rows: readonly Row[]): Promise<void> {
  const { column = "", value = "" } = table.name === "unsynced" ? unsyncedHost : {};
  const kinds = Object.values(table.columns);
  const columns = columnsOf(table).map(quoted).join(", ");
  const marks = kinds.map((kind, i) => `$${i + 1}::${arrays[kind]}`).join(", ");
  await sql.run(
    `INSERT INTO ${table.name} (${columns}${column}) OVERRIDING SYSTEM VALUE
     SELECT *${value} FROM unnest(${marks})`,
    kinds.map((kind, i) => rows.map((row) => parameterOf(kind, row[i] as Value))),
  );
}

function valueOf(kind: Kind, value: Value): Value {
  return kind === "directory" ? pathOf(value as Buffer).toWellFormed() : value;
}

function parameterOf(kind: Kind, value: Value): Value {
  return kind === "directory" ? bytesOf(value as string) : value;
}
