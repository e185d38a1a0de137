import { readFileSync } from "node:fs";
import { tableFromIPC } from "apache-arrow";
import { readParquet } from "parquet-wasm";
import { rowsOf } from "./read-arrow.ts";
import type { Rows } from "./rows.ts";

/** Reads Parquet with parquet-rs, as WebAssembly, and shows it with Apache Arrow. */
export async function readParquetWasm(path: string, limit: number): Promise<Rows> {
  const wasm = readParquet(new Uint8Array(readFileSync(path)), { limit });
  const table = tableFromIPC(wasm.intoIPCStream());
  return rowsOf(table, table.numRows);
}
