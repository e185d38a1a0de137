import { writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { bgzfOf, seekableZstOf } from "../../fixtures/indexed.ts";
import { codeLines, programs } from "../../src/view/code.ts";
import { run, createWorld, rows, type World } from "../helpers/world.ts";

const csv = { delimiter: ",", encoding: "UTF-8", header: true, above: 0 };
const viewOf = (format: string, written = csv) => ({
  format,
  facts: [],
  tables: [],
  warnings: [],
  written,
});

const blocks = bgzfOf([rows(3), "3,row 3\n"]);

/** Files that DuckDB reads as they are, and what it finds in them: columns, and the first row. */
const files: Readonly<Record<string, readonly [string | Buffer, object]>> = {
  "plain.csv": [rows(3), { id: 0n, name: "row 0" }],
  "semicolons.csv": ["id;text\n1;a,b\n2;c,d\n", { id: 1n, text: "a,b" }],
  "bare.csv": ["1,2.5\n2,3.5\n", { column0: 1n, column1: 2.5 }],
  "tabs.tsv": ["id\ttext\n1\tx\n", { id: 1n, text: "x" }],
  "hive.csv": ["id\u0001text\n1\u0001x\n2\u0001y\n", { id: 1n, text: "x" }],
  "new\nline.csv": [rows(3), { id: 0n, name: "row 0" }],
  "above.csv": ["# made by hand\n# twice\nid,text\n1,x\n2,y\n", { id: 1n, text: "x" }],
  "latin.csv": [Buffer.from("id,text\n1,\xe9t\xe9\n", "latin1"), { id: 1n, text: "été" }],
  "it's.csv": [rows(3), { id: 0n, name: "row 0" }],
  "packed.csv.gz": [gzipSync(rows(3)), { id: 0n, name: "row 0" }],
  "blocks.csv.gz": [blocks, { id: 0n, name: "row 0" }],
  "frames.csv.zst": [seekableZstOf([rows(3), "3,row 3\n"]), { id: 0n, name: "row 0" }],
  "lines.jsonl": ['{"id":1,"text":"x"}\n{"id":2,"text":"y"}\n', { id: 1n, text: "x" }],
  "array.json": ['[{"id":1,"text":"x"}]', { id: 1n, text: "x" }],
};

async function lakeOf(world: World): Promise<void> {
  for (const [name, [content]] of Object.entries(files)) await world.put(name, content);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const path = world.path("bronze/columns.parquet");
  await connection.run(`COPY (SELECT 1 AS id, 'x' AS text) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  await world.announce("columns.parquet");
  await world.pass();
}

test("DuckDB's line reads each file as it is written", async () => {
  await using world = await createWorld();
  await lakeOf(world);
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const expected = { ...files, "columns.parquet": ["", { id: 1, text: "x" }] as const };
  for (const [name, [, first]] of Object.entries(expected)) {
    const { stdout } = await world.run(["show", `raw/${name}`, "--code", "duckdb"]);
    const reader = await connection.runAndReadAll(`${stdout.trim()} LIMIT 1`);
    expect(reader.getRowObjects(), `${name}: ${stdout}`).toEqual([first]);
  }
  connection.closeSync();
});

test("Python's lines are Python, whatever the path is", async () => {
  const path = "/lake/a 'b' \"c\"\\d\n\udce9.csv";
  const all = ["csv", "jsonl", "json", "parquet", "avro", "orc", "arrow", "xlsx", "csv.gz"].flatMap(
    (format) => codeLines(path, viewOf(format)).filter(({ program }) => program !== "duckdb"),
  );
  expect(all.length).toBeGreaterThan(15);
  const script = "import ast, json, sys\nfor line in json.load(sys.stdin): ast.parse(line)";
  await using world = await createWorld();
  const lines = join(world.root, "lines.json");
  await mkdir(world.root, { recursive: true });
  writeFileSync(lines, JSON.stringify(all.map(({ line }) => line)));
  const ran = await run(["sh", "-c", `python3 -c '${script}' <'${lines}'`]);
  expect(ran).toMatchObject({ code: 0, stderr: "" });
});

test.each([
  [
    "a delimiter, an encoding, no header and lines above",
    { delimiter: ";", encoding: "UTF-16 LE", header: false, above: 2 },
    {
      duckdb: `SELECT * FROM read_csv('/a.csv', delim = ';', header = false, skip = 2, encoding = 'utf-16')`,
      pandas: `pd.read_csv("/a.csv", sep=";", header=None, skiprows=2, encoding="utf-16-le")`,
      polars: `pl.read_csv("/a.csv", separator=";", has_header=False, skip_rows=2, encoding="utf-16-le")`,
    },
  ],
  [
    "bytes that are no UTF-8",
    { ...csv, encoding: "other" },
    {
      duckdb: `SELECT * FROM read_csv('/a.csv', delim = ',', header = true, encoding = 'latin-1')`,
      pandas: `pd.read_csv("/a.csv", sep=",", encoding="latin-1")`,
      polars: `pl.read_csv("/a.csv", separator=",", encoding="latin-1")`,
      spark: `spark.read.csv("/a.csv", sep=",", header=True, encoding="ISO-8859-1")`,
    },
  ],
  [
    "UTF-32, which DuckDB does not read",
    { ...csv, encoding: "UTF-32 LE" },
    {
      pandas: `pd.read_csv("/a.csv", sep=",", encoding="utf-32-le")`,
      polars: `pl.read_csv("/a.csv", separator=",", encoding="utf-32-le")`,
      spark: `spark.read.csv("/a.csv", sep=",", header=True, encoding="UTF-32LE")`,
    },
  ],
])("%s are in the lines", (_what, written, expected) => {
  const lines = codeLines("/a.csv", viewOf("csv", written));
  expect(Object.fromEntries(lines.map(({ program, line }) => [program, line]))).toEqual(expected);
});

test.each(["zip", "tar", "metadata", "text", "csv.lz4", "csv.gz.gz"])(
  "%s is read by none of them",
  (format) => {
    expect(codeLines("/a", viewOf(format))).toEqual([]);
  },
);

test("compressions are undone where the name says so, whatever their kind", () => {
  const readers = (path: string, format: string) =>
    codeLines(path, viewOf(format)).map(({ program }) => program);
  expect(readers("/a.csv.gz", "csv.bgz")).toEqual(readers("/a.csv.gz", "csv.gz"));
  expect(readers("/a.csv.gz", "csv.gz")).toEqual([...programs]);
  expect(readers("/A.CSV.ZST", "csv.seekable-zst")).toEqual(["duckdb", "pandas", "polars"]);
  expect(readers("/a.csv.bgz", "csv.bgz")).toEqual([]);
  expect(readers("/a", "csv.gz")).toEqual([]);
});

test("all lines are told by their programs; that a program does not read a format is said", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.put("a.txt", "one\ntwo\n");
  await world.pass();
  const all = await world.run(["show", "raw/a.csv", "--code"]);
  const named = all.stdout
    .trim()
    .split("\n")
    .map((line) => line.split(" ", 1)[0]);
  expect(named).toEqual([...programs]);
  expect(all.stdout).toContain(world.path("bronze/a.csv"));
  const none = await world.run(["show", "raw/a.txt", "--code", "polars"]);
  expect(none).toMatchObject({ code: 1, stdout: "" });
  expect(none.stderr).toMatch(/text is not read by polars/);
});
