import { appendFile, chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { Failure } from "../../src/errors.ts";
import { readWholeFile } from "../../src/view/whole-file.ts";
import type { Table } from "../../src/view/view.ts";
import { fetchOnce } from "../helpers/fetch-once.ts";
import { createWorld, DATASET, type World } from "../helpers/world.ts";
import { servePages } from "../http/page-server.ts";
import { textOf } from "../http/page-text.ts";

const orc = join(import.meta.dirname, "../../fixtures/orc/stripes.orc");
const TITLE = "over the whole file, by its footer";

/** A Parquet of 6,000 rows in three row groups. */
async function parquetFile(): Promise<Buffer> {
  const instance = await DuckDBInstance.create(":memory:");
  const folder = await mkdtemp(join(tmpdir(), "whole-"));
  try {
    const path = join(folder, "table.parquet");
    const connection = await instance.connect();
    await connection.run(`COPY (SELECT i::INTEGER AS id, 'name ' || lpad(i::VARCHAR, 4, '0') AS name,
        (i / 100)::DECIMAL(10, 2) AS amount, DATE '2026-01-01' + (i % 10)::INTEGER AS day,
        CASE WHEN i < 3000 THEN NULL ELSE -i::DOUBLE END AS late, NULL::INTEGER AS none
      FROM range(6000) AS t(i)) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`);
    connection.closeSync();
    return await readFile(path);
  } finally {
    instance.closeSync();
    await rm(folder, { recursive: true });
  }
}

/** The table of the whole file that `show --profile --json` has. */
async function wholeOf(world: World, raw: string): Promise<Table | undefined> {
  const { stdout, stderr } = await world.run(["show", raw, "--profile", "--json"]);
  expect(stderr).not.toContain("UNEXPECTED");
  const [{ view }] = JSON.parse(stdout);
  return (view.tables as Table[]).find(({ title }) => title === TITLE);
}

test("a Parquet's and an ORC's own statistics tell what all rows hold, in show and on the page", async () => {
  await using world = await createWorld({ sample: { rows: 10 } });
  const bytes = await parquetFile();
  await world.put("table.parquet", bytes);
  await world.put("stripes.orc", await readFile(orc));
  await world.pass();
  const whole = await wholeOf(world, "raw/table.parquet");
  expect(whole?.rows).toEqual([
    ["id", "0", "5999", "0"],
    ["name", "name 0000", "name 5999", "0"],
    ["amount", "0.00", "59.99", "0"],
    ["day", "2026-01-01", "2026-01-10", "0"],
    ["late", "-5999", "-3000", "3000"],
    ["none", null, null, "6000"],
  ]);
  expect(whole?.notes).toEqual([
    expect.stringMatching(/^6,000 rows in 3 row groups, [\d.]+ KiB$/),
    "compressed with snappy",
  ]);
  const { stdout } = await world.run(["show", "raw/table.parquet", "--profile"]);
  expect(stdout).toContain("10 of 6,000 rows");
  expect(stdout).toMatch(/late +-5999 +-3000 +3000/);
  // A table alone is what a program asked for.
  const alone = await world.run(["show", "raw/table.parquet", "--profile", "-o", "csv"]);
  expect(alone.stdout).not.toContain("5999");
  const ofOrc = await wholeOf(world, "raw/stripes.orc");
  expect(ofOrc?.notes[0]).toMatch(/rows in \d+ stripes/);

  await using server = await servePages(world.settings());
  const url = `${server.url}/entry?dataset=${DATASET}&raw=raw/table.parquet`;
  const text = textOf(await (await fetchOnce(url)).text());
  expect(text).toContain("10 of 6,000 rows");
  expect(text).toMatch(/over the whole file, by its footer .*amount 0.00 59.99 0 /);

  await appendFile(world.path("bronze/table.parquet"), "x");
  expect(await wholeOf(world, "raw/table.parquet")).toBeUndefined();
});

test("of a masked dataset the number of rows is told, and no least and greatest value", async () => {
  await using world = await createWorld();
  const key = join(world.root, "key");
  await writeFile(key, Buffer.alloc(32, 1));
  await chmod(key, 0o400);
  const mask = { key, columns: [{ match: ["name"], with: "null" }] };
  await world.configure({ mask, sample: { rows: 10 } });
  await world.put("table.parquet", await parquetFile());
  await world.pass();
  expect(await wholeOf(world, "raw/table.parquet")).toBeUndefined();
  const { stdout } = await world.run(["show", "raw/table.parquet"]);
  expect(stdout).toContain("10 of 6,000 rows");
  expect(stdout).not.toContain("5999");
});

test("a footer that is damaged is a coded failure or says something, and nothing else", async () => {
  await using world = await createWorld();
  const files = { parquet: await parquetFile(), orc: await readFile(orc) } as const;
  for (const format of ["parquet", "orc"] as const) {
    const bytes = files[format];
    const path = join(world.root, `damaged.${format}`);
    const options = { format, size: bytes.length, name: path };
    for (let i = 1; i < 300; i += 1) {
      const damaged = Buffer.from(bytes);
      const at = bytes.length - i;
      damaged[at] = (damaged[at] as number) ^ 0xff;
      await writeFile(path, damaged);
      const error = await readWholeFile(path, options).catch((reason: unknown) => reason);
      if (error instanceof Error) expect([i, error]).toEqual([i, expect.any(Failure)]);
    }
    await writeFile(path, bytes.subarray(0, 5));
    await expect(readWholeFile(path, { ...options, size: 5 })).rejects.toThrow(Failure);
  }
});
