import { readFileSync } from "node:fs";
import { tableFromIPC } from "apache-arrow";
import { readParquet } from "parquet-wasm";
import type { Rows } from "./rows.ts";
import { shorten, spell } from "./spell.ts";

/** Reads Parquet with parquet-rs, as WebAssembly, and shows it with Apache Arrow. */
export async function readParquetWasm(path: string, limit: number): Promise<Rows> {
  const wasm = readParquet(new Uint8Array(readFileSync(path)), { limit });
  const table = tableFromIPC(wasm.intoIPCStream());
  const { fields, metadata } = table.schema;
  const columns = fields.map((field) => {
    return `${field.name} ${field.type} ${field.nullable} ${spell(field.metadata)}`;
  });
  const rows = Array.from({ length: table.numRows }, (_, row) =>
    fields.map((_, column) => shorten(spell(table.getChildAt(column)?.get(row)))),
  );
  return { columns: [...columns, spell(metadata)].map(shorten), rows };
}
