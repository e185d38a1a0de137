import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { Field, Schema, Struct, Table, tableFromIPC, tableToIPC, Utf8 } from "apache-arrow";
import { expect, test } from "vitest";
import { typesInPair } from "../../src/masking/parquet-pairs.ts";
import { metadataOf, parquetReaders } from "../helpers/parquet-readers.ts";
import { masked, rule, settingsWith } from "./helpers.ts";

const SECRET = "ann@hidden.example";

/** A Parquet file of a query, as DuckDB writes it. */
function fileOf(select: string, options = ""): Promise<Buffer> {
  return withDuckdb(async (connection, path) => {
    await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet${options})`);
    return readFileSync(path);
  });
}

/** The rows without a column. */
function othersOf(bytes: Uint8Array, name: string): Promise<unknown> {
  return withDuckdb(async (connection, path) => {
    writeFileSync(path, bytes);
    const select = `SELECT * EXCLUDE ("${name}") FROM read_parquet('${path}')`;
    return (await connection.runAndReadAll(select)).getRowsJson();
  });
}

async function withDuckdb<T>(
  work: (connection: DuckDBConnection, path: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "masks-parquet-"));
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  try {
    return await work(connection, join(folder, "file.parquet"));
  } finally {
    connection.closeSync();
    instance.closeSync();
    rmSync(folder, { recursive: true });
  }
}

/** The content of each column, as DuckDB reads it. */
async function rowsOf(bytes: Uint8Array): Promise<readonly string[]> {
  return (parquetReaders["DuckDB"] as (bytes: Uint8Array) => Promise<readonly string[]>)(bytes);
}

const columns: Readonly<Record<string, string>> = {
  text: `'${SECRET}' || (i % 3)`,
  empty: "CASE WHEN i = 1 THEN NULL ELSE '' END",
  bool: "i % 2 = 0",
  tiny: "(i % 100)::TINYINT",
  utiny: "(200 + i % 50)::UTINYINT",
  small: "(-30000 - i)::SMALLINT",
  int: "(2147483640 + i % 5)::INT",
  uint: "(4294967290 + i % 5)::UINTEGER",
  big: "(9223372036854775800 + i % 5)::BIGINT",
  ubig: "(18446744073709551610 + i % 5)::UBIGINT",
  real: "(i + 0.25)::FLOAT",
  double: "i * 1.5e100",
  date: "DATE '2024-02-03' + i::INT",
  time: "TIME '12:34:56'",
  stamp: "TIMESTAMP '2024-02-03 04:05:06'",
  dec4: "(i + 0.25)::DECIMAL(9, 2)",
  dec8: "(i + 0.25)::DECIMAL(18, 2)",
  dec16: "(i + 0.25)::DECIMAL(30, 2)",
  uuid: "uuid()",
  blob: `'\\xAA\\xBB'::BLOB || '${SECRET}'::BLOB`,
  list: `['${SECRET}', NULL, 'x']`,
  struct: `{'a': '${SECRET}', 'b': i}`,
  map: `MAP {'${SECRET}': i}`,
  many: `[{'a': '${SECRET}'}, {'a': NULL}]`,
};
const all = Object.entries(columns).map(([name, sql]) => `${sql} AS "${name}"`);

test.each(["snappy", "zstd"])(
  "each column in turn is masked as its type, and no other changes (%s)",
  async (codec) => {
    const bytes = await fileOf(
      `SELECT ${all.join(", ")} FROM range(20) t(i)`,
      `, CODEC '${codec}'`,
    );
    const before = await rowsOf(bytes);
    for (const name of Object.keys(columns)) {
      const settings = settingsWith([rule(name, { keys: true })], { leaks: "warn" });
      const { bytes: is, summary } = await masked("a.parquet", bytes, settings);
      expect(summary, name).toMatchObject({ format: "parquet", rows: 20 });
      expect(metadataOf(is).schema, name).toEqual(metadataOf(bytes).schema);
      expect(await othersOf(is, name), name).toEqual(await othersOf(bytes, name));
    }
    const everything = settingsWith([rule("**", { keys: true })]);
    const { bytes: none } = await masked("a.parquet", bytes, everything);
    for (const [reader, read] of Object.entries(parquetReaders)) {
      const rows = await read(none);
      expect(rows, reader).toHaveLength(20);
      expect(rows.join("\n"), reader).not.toContain(SECRET);
    }
    const text = settingsWith([rule("text")], { leaks: "warn", text: "keep" });
    const { bytes: one } = await masked("a.parquet", bytes, text);
    const token = /[A-Z2-7]{16}/;
    const rows = await rowsOf(one);
    for (const [i, row] of rows.entries())
      expect(row.replace(token, "")).toBe(
        (before[i] as string).replace(/ann@hidden.example\d/, ""),
      );
  },
  120_000,
);

test("a value that stands in a column that is not masked closes the file", async () => {
  const bytes = await fileOf(`SELECT '${SECRET}' AS email, 'of ${SECRET}' AS note`);
  const { text, summary } = await masked("a.parquet", bytes, settingsWith([rule("email")]));
  expect(summary.reason).toContain("stands elsewhere");
  expect(text).not.toContain(SECRET);
});

test.each(["s.array", "s.list.element", "s.map.key", "s.key_value.value"])(
  "%s can be the field of a struct as well",
  async (name) => {
    const [first, ...rest] = name.split(".");
    const struct = rest.reduceRight((inner, key) => `{'${key}': ${inner}}`, `'${SECRET}'`);
    const bytes = await fileOf(`SELECT 1 AS id, ${struct} AS ${first}`);
    const settings = settingsWith([rule("id", { with: "keep" }), rule(name)]);
    const { bytes: is } = await masked("a.parquet", bytes, settings);
    expect((await rowsOf(is)).join()).not.toContain(SECRET);
  },
);

test("of the metadata's pairs those stay that tell types", async () => {
  const bytes = await fileOf(
    `SELECT 'x' AS email`,
    `, KV_METADATA {owner: '${SECRET}', pandas: '{}'}`,
  );
  const { bytes: is } = await masked("a.parquet", bytes, settingsWith([rule("email")]));
  expect(metadataOf(is).key_value_metadata).toEqual([{ key: "pandas", value: "{}" }]);
});

test("of a pair that tells types only types stay", async () => {
  const told = new Map([["owner", SECRET]]);
  const inner = new Field("a", new Utf8(), true, told);
  const fields = [new Field("email", new Utf8(), true, told), new Field("s", new Struct([inner]))];
  const stream = tableToIPC(new Table(new Schema(fields, told)), "stream");
  const message = Buffer.from(stream.subarray(0, 8 + Buffer.from(stream).readUInt32LE(4)));
  expect(message.includes(SECRET)).toBe(true);
  const pandas = {
    columns: [{ name: "email", metadata: { timezone: "UTC", owner: SECRET } }],
    attributes: { owner: SECRET },
  };
  const field = { name: "email", type: "string", nullable: true };
  const spark = { type: "struct", fields: [field] };
  const vals = { ml_attr: { vals: [SECRET] } };
  const pairs: Readonly<Record<string, string>> = {
    "ARROW:schema": message.toString("base64"),
    pandas: JSON.stringify(pandas),
    "org.apache.spark.version": `3.5.1 ${SECRET}`,
    "org.apache.spark.sql.parquet.row.metadata": JSON.stringify({
      ...spark,
      fields: [{ ...field, metadata: vals }],
    }),
  };
  const listed = Object.entries(pairs).map(([key, value]) => `"${key}": '${value}'`);
  const bytes = await fileOf(`SELECT 'x' AS email`, `, KV_METADATA {${listed.join(", ")}}`);
  const { bytes: is } = await masked("a.parquet", bytes, settingsWith([rule("email")]));
  expect(is.includes(SECRET)).toBe(false);
  const { key_value_metadata: kept = [] } = metadataOf(is);
  const of = Object.fromEntries(kept.map(({ key, value = "" }) => [key, value]));
  expect(Object.keys(of).toSorted()).toEqual(Object.keys(pairs).toSorted());
  const types = Buffer.from(of["ARROW:schema"] ?? "", "base64");
  expect(types.includes(SECRET)).toBe(false);
  expect(types.includes("owner")).toBe(false);
  const read = tableFromIPC(Buffer.concat([types, stream.subarray(message.length)])).schema;
  expect(read.fields.map(String)).toEqual(fields.map(String));
  expect([read.metadata.size, read.fields[0]?.metadata.size]).toEqual([0, 0]);
  expect(JSON.parse(of["pandas"] ?? "")).toEqual({
    columns: [{ name: "email", metadata: { timezone: "UTC" } }],
  });
  expect(of["org.apache.spark.version"]).toBe("3.5.1");
  expect(JSON.parse(of["org.apache.spark.sql.parquet.row.metadata"] ?? "")).toEqual(spark);
});

test.each(["", "AAAA", "not JSON", "/////w=="])("a pair that is none is left out: %j", (value) => {
  expect(typesInPair("ARROW:schema", value)).toBeUndefined();
  expect(typesInPair("pandas", value)).toBeUndefined();
  expect(typesInPair("owner", value)).toBeUndefined();
});
