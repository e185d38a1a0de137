import avro from "avsc";
import { DuckDBInstance } from "@duckdb/node-api";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { heldTo, odcs } from "../../helpers/held-to.ts";

const directory = mkdtempSync(join(tmpdir(), "contract-typed-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A Parquet file with the rows of a query. */
async function parquetOf(select: string): Promise<Buffer> {
  const path = join(directory, "a.parquet");
  const database = await DuckDBInstance.create(":memory:");
  const connection = await database.connect();
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  database.closeSync();
  return readFileSync(path);
}

function avroOf(fields: readonly object[], records: readonly object[]): Promise<Buffer> {
  const encoder = new avro.streams.BlockEncoder({ type: "record", name: "r", fields } as never, {
    codec: "deflate",
  });
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    encoder.on("data", (piece: Buffer) => pieces.push(piece));
    encoder.on("end", () => resolve(Buffer.concat(pieces)));
    encoder.on("error", reject);
    for (const record of records) encoder.write(record);
    encoder.end();
  });
}

describe("Parquet", () => {
  const select = `SELECT 1::INTEGER AS i, 2::BIGINT AS l, 1.5::DOUBLE AS d, 2.50::DECIMAL(10,2) AS m, true AS b,
    DATE '2026-01-18' AS day, TIMESTAMP '2026-01-18 10:00:00' AS at, 'x' AS s, [1] AS list, {'k': 1} AS st`;
  const types = {
    i: "integer",
    l: "integer",
    d: "number",
    m: "number",
    b: "boolean",
    day: "date",
    at: "timestamp",
    s: "string",
    list: "array",
    st: "object",
  };
  const contractOf = (all: Readonly<Record<string, string>>) =>
    odcs(Object.entries(all).map(([name, logicalType]) => ({ name, logicalType })));

  test("types are those of the schema", async () => {
    const file = await parquetOf(select);
    const name = "a.parquet";
    expect((await heldTo(contractOf(types), file, { name })).wrong).toEqual([]);
    expect((await heldTo(contractOf({ ...types, i: "number" }), file, { name })).wrong).toEqual([]);
    const others = {
      ...types,
      i: "string",
      d: "integer",
      m: "integer",
      day: "timestamp",
      s: "date",
    };
    expect((await heldTo(contractOf(others), file, { name })).wrong).toEqual(
      ["i", "d", "m", "day", "s"].map((column) => `type ${column} 1`),
    );
  });

  test("columns that are missing, too many, or null; options and keys by the values", async () => {
    const rows = await parquetOf(
      "SELECT * FROM (VALUES (1, 5, 'a'), (2, NULL, 'bb'), (2, 7, 'ccc')) AS t(id, n, s)",
    );
    const contract = odcs([
      { name: "id", logicalType: "integer", primaryKey: true },
      { name: "n", logicalType: "integer", required: true, logicalTypeOptions: { maximum: 6 } },
      { name: "gone", logicalType: "string", required: true },
    ]);
    const { wrong, validation } = await heldTo(contract, rows, { name: "a.parquet" });
    expect(wrong).toEqual([
      "missing gone 1",
      "?extra s 1",
      "required n 1",
      "maximum n 1",
      "primaryKey 1",
    ]);
    expect(validation).toMatchObject({ rows: 3, of: "all" });
  });

  test("its footer knows how many rows there are", async () => {
    const file = await parquetOf("SELECT range AS a FROM range(500)");
    const contract = odcs([{ name: "a" }], {
      quality: [{ metric: "rowCount", mustBeGreaterThan: 1000 }],
    });
    const { wrong, validation } = await heldTo(contract, file, { name: "a.parquet" });
    expect(wrong).toEqual(["rowCount 500"]);
    expect(validation).toMatchObject({ rows: 100, of: "first" });
  });
});

test("Avro: types by the schema, values where a demand needs them", async () => {
  const file = await avroOf(
    [
      { name: "id", type: "long" },
      { name: "s", type: ["null", "string"] },
      { name: "at", type: { type: "long", logicalType: "timestamp-millis" } },
      { name: "tags", type: { type: "array", items: "string" } },
    ],
    [
      { id: 1, s: "abc", at: 1_768_730_400_000, tags: [] },
      { id: 2, s: null, at: 1_768_730_400_000, tags: ["x"] },
    ],
  );
  const contract = odcs([
    { name: "id", logicalType: "integer", unique: true },
    { name: "s", logicalType: "string", required: true, logicalTypeOptions: { maxLength: 2 } },
    {
      name: "at",
      logicalType: "timestamp",
      logicalTypeOptions: { minimum: "2027-01-01T00:00:00Z" },
    },
    { name: "tags", logicalType: "map" },
  ]);
  const { wrong } = await heldTo(contract, file, { name: "a.avro" });
  expect(wrong).toEqual(["type tags 1", "required s 1", "minimum at 2", "maxLength s 1"]);
});
