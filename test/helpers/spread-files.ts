import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import avsc from "avsc";
import { parse } from "csv-parse/sync";
import { avroFile } from "../../fixtures/avro-blocks.ts";
import { decodeText } from "../../src/lib/encoding.ts";
import { parquetReaders } from "./parquet-readers.ts";

/** A file that is large enough to be read in windows, and a reader of its rows that is not ours. */
export interface SpreadFile {
  readonly name: string;
  readonly bytes: Buffer;
  /** Its rows as texts that tell them apart, without the header. */
  readonly rows: (bytes: Buffer) => Promise<readonly string[]>;
}

const ROWS = 24_000;
const numbers = Array.from({ length: ROWS }, (_, i) => i);

/** One of each format that has spreads, of 1.2 MB at least. */
export async function spreadFiles(): Promise<readonly SpreadFile[]> {
  const note = (i: number) =>
    i % 5 === 0 ? `"said ""yes"",\nthen left ${i}"` : `a plain note ${i}`;
  const csv = (end: string, rows: readonly number[]) =>
    ["id,name,note", ...rows.map((i) => `${i},name ${i % 977} of many,${note(i)}`)].join(end);
  const line = (i: number) => JSON.stringify({ id: i, note: `a note of some length, ${i}` });
  return [
    { name: "quoted.csv", bytes: Buffer.from(`${csv("\n", numbers)}\n`), rows: csvRows },
    // Its last line has no end.
    { name: "crlf-bom.csv", bytes: Buffer.from(`\ufeff${csv("\r\n", numbers)}`), rows: csvRows },
    {
      name: "below-comments.csv",
      bytes: Buffer.from(`# one, two\n# three\n${csv("\n\n", numbers)}\n`),
      rows: async (bytes) => csvRows(bytes.subarray(bytes.indexOf("id,"))),
    },
    { name: "a.jsonl", bytes: Buffer.from(`${numbers.map(line).join("\n")}\n`), rows: lineRows },
    { name: "lines.json", bytes: Buffer.from(numbers.map(line).join("\r\n")), rows: lineRows },
    {
      name: "a.log",
      bytes: Buffer.from(
        numbers.map((i) => `2026-01-01 line ${i} of a log that is long\n`).join(""),
      ),
      rows: lineRows,
    },
    { name: "a.avro", bytes: avroBytes(), rows: avroRows },
    { name: "a.parquet", bytes: await parquetBytes(), rows: parquetRows },
  ];
}

async function csvRows(bytes: Buffer): Promise<readonly string[]> {
  const options = { skip_empty_lines: true, bom: true, record_delimiter: ["\r\n", "\n"] };
  return parse(decodeText(bytes), options)
    .slice(1)
    .map((record) => JSON.stringify(record));
}

async function lineRows(bytes: Buffer): Promise<readonly string[]> {
  return decodeText(bytes)
    .split(/\r?\n/)
    .filter((line) => line !== "");
}

function avroBytes(): Buffer {
  const fields = [
    { name: "id", type: "long" },
    { name: "note", type: "string" },
  ] as const;
  const records = numbers.map((id) => ({
    id,
    note: `a note that is a little longer than those, ${id}`,
  }));
  return avroFile({ type: "record", name: "Row", fields: [...fields] }, records, 100);
}

async function avroRows(bytes: Buffer): Promise<readonly string[]> {
  const decoder = new avsc.streams.BlockDecoder();
  decoder.end(bytes);
  const rows: string[] = [];
  for await (const row of decoder) rows.push(JSON.stringify(row));
  return rows;
}

async function parquetRows(bytes: Buffer): Promise<readonly string[]> {
  const read = parquetReaders["hyparquet"];
  if (read === undefined) throw new Error("hyparquet is not among the readers");
  return read(bytes);
}

async function parquetBytes(): Promise<Buffer> {
  const directory = mkdtempSync(join(tmpdir(), "spread-"));
  try {
    const connection = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
    await connection.run(
      `COPY (SELECT i AS id, 'note ' || hash(i) AS note, i % 7 AS k FROM range(60000) t(i))
       TO '${directory}/a.parquet' (FORMAT parquet, ROW_GROUP_SIZE 4096)`,
    );
    connection.closeSync();
    return readFileSync(join(directory, "a.parquet"));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
