/** `node conformance/reader.ts NAME`: reads files with one reader, as requests on stdin ask. */
import { createInterface } from "node:readline";
import { readArrow } from "./read-arrow.ts";
import { readAvsc } from "./read-avsc.ts";
import { readChdb } from "./read-chdb.ts";
import { readDuckdb } from "./read-duckdb.ts";
import { readHyparquet } from "./read-hyparquet.ts";
import { readParquetWasm } from "./read-parquet-wasm.ts";
import type { ReadRows } from "./rows.ts";

const readers: Readonly<Record<string, ReadRows>> = {
  arrow: readArrow,
  avsc: readAvsc,
  chdb: readChdb,
  duckdb: readDuckdb,
  hyparquet: readHyparquet,
  "parquet-wasm": readParquetWasm,
};

const read = readers[process.argv[2] ?? ""];
if (read === undefined) throw new Error(`no reader ${process.argv[2]}`);

for await (const line of createInterface({ input: process.stdin })) {
  const { path, limit } = JSON.parse(line) as { path: string; limit: number };
  try {
    answer(await read(path, limit));
  } catch (error) {
    answer({ error: String(error).slice(0, 300) });
    // Its memory is in no known state.
    if (error instanceof Error && error.name === "RuntimeError") process.exit();
  }
}

function answer(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
