import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { avroFile } from "../../fixtures/avro-blocks.ts";

/** A table: names of columns, and a value for each row of each. */
export interface Table {
  readonly names: readonly string[];
  readonly rows: number;
  readonly value: (name: string, row: number) => string | number;
}

/** A table of orders: two columns of numbers, one of texts, one of dates. */
export const orders: Table = {
  names: ["id", "name", "price", "day"],
  rows: 2000,
  value(name, row) {
    if (name === "id") return row;
    if (name === "price") return row + 0.5;
    return name === "day" ? `2026-01-${10 + (row % 20)}` : `${name} ${row}`;
  },
};

/** The way a table is written as text. */
export interface TextOptions {
  readonly delimiter?: string;
  /** False to leave the header out. */
  readonly header?: boolean;
  readonly encoding?: BufferEncoding;
  readonly lineEnd?: string;
}

/** A table as delimited text. */
export function csvOf(table: Table, options: TextOptions = {}): Buffer {
  const { delimiter = ",", header = true, encoding = "utf8", lineEnd = "\n" } = options;
  const rows = rowsOf(table).map((row) => table.names.map((name) => row[name]));
  const all = header ? [table.names, ...rows] : rows;
  return Buffer.from(all.map((row) => row.join(delimiter) + lineEnd).join(""), encoding);
}

/** Writes a table in each of the formats whose columns are known. */
export const tableFiles: Readonly<Record<string, (table: Table) => Promise<Buffer>>> = {
  csv: async (table) => csvOf(table),
  jsonl: async (table) =>
    Buffer.from(
      rowsOf(table)
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(""),
    ),
  parquet: parquetOf,
  avro: async (table) => {
    const fields = table.names.map((name) => ({ name, type: avroType(table, name) }));
    return avroFile({ type: "record", name: "Row", fields } as never, rowsOf(table), 100);
  },
  "csv.gz": async (table) => gzipSync(csvOf(table)),
};

function rowsOf({ names, rows, value }: Table): Record<string, string | number>[] {
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(names.map((name) => [name, value(name, row)])),
  );
}

function avroType({ value }: Table, name: string): string {
  return typeof value(name, 0) === "number" ? "double" : "string";
}

async function parquetOf(table: Table): Promise<Buffer> {
  const instance = await DuckDBInstance.create(":memory:");
  const folder = mkdtempSync(join(tmpdir(), "table-"));
  try {
    const path = join(folder, "table.parquet");
    const values = table.names.map((name) => {
      const isNumber = typeof table.value(name, 0) === "number";
      return `${isNumber ? "random()" : "uuid()::VARCHAR"} AS "${name}"`;
    });
    const rows = `SELECT ${values.join(", ")} FROM range(${table.rows})`;
    const connection = await instance.connect();
    await connection.run(`COPY (${rows}) TO '${path}' (FORMAT parquet)`);
    connection.closeSync();
    return readFileSync(path);
  } finally {
    instance.closeSync();
    rmSync(folder, { recursive: true });
  }
}
