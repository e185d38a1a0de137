import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";

const PARQUET = [
  "plain",
  "rows-101",
  "exactly-100",
  "row-groups",
  "many-pages",
  "dictionaries",
  "zstd",
  "nested",
];
const ROWS = [0, 1, 99, 100, 101, 1000];

/** Files to copy, by kind, of formats that Python's standard library does not write. */
export function readyFiles(directory: string): ReadonlyMap<string, readonly string[]> {
  mkdirSync(directory);
  const fixtures = join(import.meta.dirname, "../../fixtures/parquet");
  const tables = ROWS.map((rows) => {
    const path = join(directory, `${rows}.csv.zst`);
    const lines = Array.from({ length: rows }, (_, i) => `${i},row ${i}\n`);
    writeFileSync(path, zstdCompressSync(Buffer.from(`id,name\n${lines.join("")}`)));
    return path;
  });
  return new Map([
    ["parquet", PARQUET.map((name) => join(fixtures, `${name}.parquet`))],
    ["csv.zst", tables],
  ]);
}
