import { DuckDBInstance } from "@duckdb/node-api";
import type { Rows } from "./rows.ts";
import { shorten, spell } from "./spell.ts";

/** Reads Parquet with DuckDB, an instance for each file: a bad one can spoil it. */
export async function readDuckdb(path: string, limit: number): Promise<Rows> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  try {
    const query = `SELECT * FROM read_parquet(?, hive_partitioning=false) LIMIT ${limit}`;
    const result = await connection.runAndReadAll(query, [path]);
    const types = result.columnTypes();
    const columns = result.columnNames().map((name, i) => `${name} ${types[i]}`);
    const rows = result.getRows().map((row) => row.map((value) => shorten(spell(value))));
    return { columns, rows };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
