import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { Int32, Utf8 } from "apache-arrow";
import { avroFile } from "../../fixtures/avro-blocks.ts";
import { packers } from "../../fixtures/compressors.ts";
import { arrowOf } from "../../fixtures/make-arrow.ts";
import { databaseOf, numbers } from "../../fixtures/sqlite-file.ts";
import { tarOf } from "../../fixtures/tar-blocks.ts";
import { row, workbook } from "../../fixtures/xlsx-blocks.ts";
import { zipOf } from "../../fixtures/zip-blocks.ts";

/** A file of a few MB, of which a sample takes several requests, and how many at most. */
export interface LargeObject {
  readonly name: string;
  readonly bytes: Buffer;
  readonly requests: number;
}

const RECORDS = 300;
/** Text that does not compress to nothing: 9 KB of hexadecimal digits, other ones for each number. */
const words = Array.from({ length: RECORDS }, (_, i) =>
  Array.from({ length: 140 }, (_each, j) =>
    createHash("sha256").update(`${i} ${j}`).digest("hex"),
  ).join(""),
);

const csv = Buffer.from(`id,name\n${words.map((word, i) => `${i},${word}\n`).join("")}`);
const jsonl = words.map((word, i) => JSON.stringify({ id: i, word }));
const member = (name: string) => ({ name, data: csv });

let made: Promise<readonly LargeObject[]> | undefined;

/** One of each format; made once. */
export function largeObjects(): Promise<readonly LargeObject[]> {
  return (made ??= make());
}

async function make(): Promise<readonly LargeObject[]> {
  const text = { requests: 3 };
  return [
    { name: "a.csv", bytes: csv, ...text },
    { name: "a.jsonl", bytes: Buffer.from(jsonl.map((line) => `${line}\n`).join("")), ...text },
    { name: "array.json", bytes: Buffer.from(`[${jsonl.join(",")}]`), ...text },
    { name: "object.json", bytes: Buffer.from(`{"data":[${jsonl.join(",")}]}`), ...text },
    { name: "a.txt", bytes: Buffer.from(words.join("\n")), ...text },
    ...Object.entries(packers).map(([suffix, pack]) => {
      const name = `a.csv.${suffix}`;
      return { name, bytes: pack(csv), requests: text.requests };
    }),
    { name: "a.tar.gz", bytes: packers.gz(tarOf([member("1.csv"), member("2.csv")])), requests: 5 },
    { name: "a.arrow", bytes: batchOfWords(), requests: 7 },
    { name: "a.avro", bytes: avroOf(), ...text },
    { name: "a.parquet", bytes: await parquetOf(), requests: 8 },
    { name: "a.xlsx", bytes: xlsxOf(), requests: 8 },
    { name: "a.sqlite", bytes: databaseOfWords(), requests: 8 },
    { name: "a.zip", bytes: zipOf(["1.csv", "2.csv", "3.csv"].map(member)), requests: 10 },
    { name: "a.tar", bytes: tarOf(["1.csv", "2.csv", "3.csv"].map(member)), requests: 4 },
    { name: "a.bin", bytes: Buffer.alloc(3_000_000, "\u0000\u0001binary"), requests: 1 },
  ];
}

function avroOf(): Buffer {
  const fields = [
    { name: "id", type: "long" },
    { name: "word", type: "string" },
  ] as const;
  const records = words.map((word, id) => ({ id, word }));
  return avroFile({ type: "record", name: "Row", fields: [...fields] }, records, 20);
}

/** Tables of which one stands behind the other. */
function databaseOfWords(): Buffer {
  const values = (table: string): string =>
    `CREATE TABLE ${table} (id INTEGER PRIMARY KEY, word TEXT);
     INSERT INTO ${table} VALUES ${words.map((word, i) => `(${i}, '${word.slice(0, 3000)}')`).join()};`;
  return databaseOf(
    `${values("a")} ${values("b")}
    CREATE TABLE d (n UNIQUE); ${numbers(1000)} INSERT INTO d SELECT n FROM c;`,
    {
      pageBytes: 4096,
    },
  );
}

/** One batch, whose columns are far apart. */
function batchOfWords(): Buffer {
  const word = [new Utf8(), (i: number) => words[i]] as const;
  return arrowOf("file", { id: [new Int32(), (i) => i], word, again: word }, [RECORDS]);
}

/** Words in cells and words that cells share: both parts are longer than what is read of them. */
function xlsxOf(): Buffer {
  const rows = words.map((word, i) => row(i + 1, [i, word.slice(0, 5000), [i]]));
  const strings = words.map((word) => `<si><t>${word.slice(5000)}</t></si>`);
  return workbook({ sheets: [{ name: "Words", rows: rows.join("") }], strings });
}

/** 10 MB in three row groups, its columns far apart; one has a dictionary. */
async function parquetOf(): Promise<Buffer> {
  const directory = mkdtempSync(join(tmpdir(), "large-"));
  try {
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    const columns = "i, hash(i) AS h, 'name ' || hash(i) AS s, i % 1000 AS k";
    await connection.run(
      `COPY (SELECT ${columns} FROM range(300000) t(i)) TO '${directory}/a.parquet'
       (FORMAT parquet, CODEC 'snappy', ROW_GROUP_SIZE 100000)`,
    );
    connection.closeSync();
    return readFileSync(join(directory, "a.parquet"));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
