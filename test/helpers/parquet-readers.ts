import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { tableFromIPC } from "apache-arrow";
import { parquetMetadata, parquetRead } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import parquetWasm from "parquet-wasm";

/** Reads the rows of a Parquet file, each as text that tells all values apart. */
export type ReadParquet = (bytes: Uint8Array) => Promise<readonly string[]>;

const most = Number.POSITIVE_INFINITY;

/** Readers of Parquet that share no code with ours, nor with each other. */
export const parquetReaders: Readonly<Record<string, ReadParquet>> = {
  hyparquet: readWithHyparquet,
  DuckDB: readWithDuckdb,
  "parquet-wasm": readWithParquetWasm,
};

/** The metadata, as hyparquet reads it. */
export function metadataOf(bytes: Uint8Array): ReturnType<typeof parquetMetadata> {
  return parquetMetadata(Uint8Array.from(bytes).buffer);
}

async function readWithHyparquet(bytes: Uint8Array): Promise<readonly string[]> {
  const rows: string[] = [];
  const file = Uint8Array.from(bytes).buffer;
  await parquetRead({
    file,
    compressors,
    onComplete: (read) => rows.push(...(read as unknown[][]).map(spell)),
  });
  return rows;
}

async function readWithDuckdb(bytes: Uint8Array): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "parquet-"));
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  try {
    const path = join(folder, "file.parquet");
    writeFileSync(path, bytes);
    const sql = `SELECT * FROM read_parquet('${path}', hive_partitioning=false)`;
    return (await connection.runAndReadAll(sql)).getRows().map(spell);
  } finally {
    connection.closeSync();
    instance.closeSync();
    rmSync(folder, { recursive: true });
  }
}

async function readWithParquetWasm(bytes: Uint8Array): Promise<readonly string[]> {
  const table = tableFromIPC(parquetWasm.readParquet(Uint8Array.from(bytes)).intoIPCStream());
  return Array.from({ length: table.numRows }, (_, row) =>
    spell(table.schema.fields.map((_, column) => plain(table.getChildAt(column)?.get(row)))),
  );
}

/** Arrow's lists and structs show where they lie in memory; this shows what they hold. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Symbol.iterator in value) return Array.from(value as Iterable<unknown>, plain);
  return value;
}

function spell(row: unknown): string {
  return inspect(row, {
    depth: null,
    maxArrayLength: most,
    maxStringLength: most,
    breakLength: most,
  });
}

/** Fields of a Parquet file's metadata by id: where each is, as text of its bytes. */
export function footerFields(bytes: Buffer): ReadonlyMap<number, string> {
  const end = bytes.length - 8;
  let at = end - bytes.readUInt32LE(end);
  const fields = new Map<number, string>();

  function varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  function skip(type: number): void {
    if (type >= 3 && type <= 6) varint();
    else if (type === 7) at += 8;
    else if (type === 8) {
      const length = varint();
      at += length;
    } else if (type === 9) {
      const head = bytes.readUInt8(at++);
      const count = head >> 4 === 15 ? varint() : head >> 4;
      for (let i = 0; i < count; i += 1) skip(head & 15);
    } else if (type === 12) struct(() => {});
    else if (type !== 1 && type !== 2) throw new Error(`wire type ${type}`);
  }

  function struct(found: (id: number, start: number) => void): void {
    for (let id = 0; ;) {
      const head = bytes.readUInt8(at++);
      if (head === 0) return;
      id = head >> 4 === 0 ? varint() / 2 : id + (head >> 4);
      const start = at;
      skip(head & 15);
      found(id, start);
    }
  }

  struct((id, start) => fields.set(id, bytes.toString("latin1", start, at)));
  return fields;
}
