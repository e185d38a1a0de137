import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { databaseOf, numbers, replaced } from "../../../fixtures/sqlite-file.ts";
import { HEAD_BYTES } from "../../../src/lib/source.ts";
import { readView } from "../../../src/view/view.ts";
import {
  defaultLimits,
  memorySource,
  sampleBytes,
  sampleOf,
  sampleSource,
} from "../../helpers/sample.ts";
import { randomDatabase } from "./databases.ts";
import { judge } from "./judge.ts";

/** Random databases that are tried, from this one on. */
const RUNS = Number(process.env["SQLITE_RUNS"] ?? 20);
const SEED = Number(process.env["SQLITE_SEED"] ?? 1);
const ROWS = defaultLimits.rows;
const MIB = 1024 * 1024;
const fixtures = join(import.meta.dirname, "../../../fixtures/sqlite");

/** Names of objects, and numbers of rows, of a sample. */
async function sampled(
  original: Buffer,
  limits: object = {},
): Promise<{ readonly rows: Record<string, number>; readonly warnings: readonly string[] }> {
  const { bytes, summary } = await sampleOf("x.db", original, { limits });
  await judge(original, bytes);
  const db = new Database(bytes);
  const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  const count = (name: unknown) => db.prepare(`SELECT count(*) FROM "${name}"`).pluck().get();
  return {
    rows: Object.fromEntries(names.map((name) => [name, count(name)])),
    warnings: summary.warnings,
  };
}

test("a random database has a sample with its schema and the first rows of its tables", async () => {
  for (let seed = SEED; seed < SEED + RUNS; seed += 1) {
    const original = randomDatabase(seed);
    const limits = { bytes: 1024 * MIB, recordBytes: 1024 * MIB };
    try {
      const { bytes } = await sampleOf("x.db", original, { limits });
      const left = await judge(original, bytes, ROWS);
      expect(left.filter((name) => !/_[ep]$|_i\d$/.test(name))).toEqual([]);
    } catch (error) {
      throw new Error(`SQLITE_SEED=${seed}`, { cause: error });
    }
  }
});

describe("what is left out", () => {
  test("virtual tables, their own tables, and triggers and views that name them", async () => {
    const { rows, warnings } = await sampled(readFileSync(join(fixtures, "features.gpkg")));
    expect(rows).toEqual({
      gpkg_spatial_ref_sys: 120,
      gpkg_contents: 1,
      gpkg_extensions: 1,
      towns: 100,
    });
    expect(warnings).toEqual([
      "left out: virtual tables: rtree_towns_geom",
      expect.stringContaining("left out: tables of these: rtree_towns_geom_"),
      "left out: triggers and views that name these: rtree_towns_geom_delete",
      "gpkg_extensions names spatial indexes that are left out",
    ]);
  });

  test("views of views of a virtual table, and triggers on them", async () => {
    const { rows, warnings } = await sampled(
      databaseOf(`CREATE TABLE t (a); CREATE VIRTUAL TABLE f USING fts5(a);
        CREATE VIEW later AS SELECT * FROM "First"; CREATE VIEW first AS SELECT * FROM f;
        CREATE VIEW other AS SELECT a AS "a -- f" FROM t;
        CREATE TRIGGER r INSTEAD OF INSERT ON later BEGIN SELECT 1; END;`),
    );
    expect(rows).toEqual({ t: 0 });
    expect(warnings[2]).toBe("left out: triggers and views that name these: first, later, r");
  });

  test("indexes of expressions, parts, and collations that are not SQLite's own", async () => {
    const { warnings } = await sampled(readFileSync(join(fixtures, "other-indexes.sqlite")));
    expect(warnings).toEqual(["left out: indexes that cannot be made: by_part, by_expression"]);
  });

  test("what is in a write-ahead log", async () => {
    const { summary } = await sampleOf("a.db", readFileSync(join(fixtures, "logged.sqlite")));
    expect(summary.warnings).toEqual([
      "changes in its write-ahead log (-wal) are not in the sample",
    ]);
  });
});

describe("room", () => {
  const text = (table: string, bytes: number, rows = 50): string =>
    `CREATE TABLE ${table} (t); ${numbers(rows)} INSERT INTO ${table} SELECT printf('%.*c', ${bytes}, 'x') FROM c;`;

  test("is shared by tables; what one leaves, those after it may use", async () => {
    const original = databaseOf(text("a", 1000) + text("b", 10) + text("c", 1000));
    const { rows } = await sampled(original, { bytes: 30_000 });
    expect(rows).toEqual({ a: 9, b: 50, c: 20 });
  });

  test("is for a first row, whatever its size up to a record's", async () => {
    const original = databaseOf(text("a", 100_000, 2) + text("b", 10));
    expect((await sampled(original, { bytes: 50_000 })).rows).toEqual({ a: 1, b: 0 });
    expect(await sampleBytes("a.db", original, { limits: { recordBytes: 50_000 } })).toEqual({
      kind: "none",
      reason: "a row is larger than 50000 bytes",
    });
  });

  test("counts entries of indexes", async () => {
    const one = databaseOf(text("a", 1000));
    const two = databaseOf(`${text("a", 1000)} CREATE INDEX i ON a (t);`);
    expect((await sampled(one, { bytes: 30_000 })).rows).toEqual({ a: 29 });
    expect((await sampled(two, { bytes: 30_000 })).rows).toEqual({ a: 14 });
  });

  test("of many tables with large pages is not there", async () => {
    const sql = Array.from({ length: 300 }, (_, i) => `CREATE TABLE t${i} (a);`).join("");
    const result = await sampleBytes("a.db", databaseOf(sql, { pageBytes: 65_536 }));
    expect(result).toMatchObject({ kind: "none", reason: expect.stringContaining("300 tables") });
  });
});

test("rows whose order only another program knows are kept in their order", async () => {
  const sql = `CREATE TABLE t (a TEXT COLLATE NOCASE PRIMARY KEY, b) WITHOUT ROWID;
    INSERT INTO t VALUES ('b', 1), ('A', 2), ('c', 3); CREATE INDEX i ON t (b);`;
  const original = replaced(databaseOf(sql), "NOCASE", "german");
  const { bytes, summary } = await sampleOf("a.db", original);
  expect(summary.warnings).toEqual(["left out: indexes that cannot be made: i"]);
  const back = replaced(bytes, "german", "NOCASE");
  expect(await judge(databaseOf(sql), back)).toEqual(["i"]);
});

describe("a schema that nobody writes ends soon", () => {
  test("views of views of a virtual table", async () => {
    const views = Array.from(
      { length: 3000 },
      (_, i) => `CREATE VIEW v${3000 - i} AS SELECT * FROM v${2999 - i};`,
    );
    const original = databaseOf(`CREATE VIRTUAL TABLE v0 USING fts5(a); ${views.join("")}`);
    const { summary } = await sampleOf("a.db", original);
    expect(summary.warnings[2]).toMatch(/v1, v2, .* and 2990 more$/);
  });

  test("a table of many keys", async () => {
    const keys = `CREATE TABLE t (a UNIQUE${", UNIQUE (a)".repeat(80_000)})`;
    const result = await sampleBytes("a.db", rewritten("CREATE TABLE t (a UNIQUE);", keys));
    expect(result).toEqual({ kind: "none", reason: "sqlite_autoindex_t_1 cannot be made again" });
  });

  test("brackets without an end", async () => {
    const open = `CREATE TABLE t (a CHECK ${"(".repeat(900_000)}`;
    const result = await sampleBytes("a.db", rewritten("CREATE TABLE t (a);", open));
    expect(result).toMatchObject({ kind: "sample", summary: { rows: 0 } });
  });

  /** A database whose table has other SQL than it was made with. */
  function rewritten(sql: string, by: string): Buffer {
    const db = new Database(":memory:");
    db.exec(sql);
    db.unsafeMode(true);
    db.pragma("writable_schema = on");
    db.prepare("UPDATE sqlite_schema SET sql = ? WHERE type = 'table'").run(by);
    return db.serialize();
  }
});

test("few pages are read of a large table", async () => {
  const original = databaseOf(
    `CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);
     ${numbers(200_000)} INSERT INTO t SELECT n, 'name ' || n FROM c; CREATE INDEX i ON t (name);`,
    { pageBytes: 4096 },
  );
  expect(original.length).toBeGreaterThan(5 * MIB);
  const source = memorySource("a.db", original);
  expect(await sampleSource(source)).toMatchObject({ summary: { rows: 100, cut: "rows" } });
  // Its head is asked for twice; its other pages are not in it.
  expect(source.readBytes()).toBeLessThan(2 * HEAD_BYTES + 3 * 4096);
});

test("a table's declared columns are shown with the values that readers see", async () => {
  const { tables } = await readView(join(fixtures, "kinds.sqlite3"), { rows: 10 });
  expect(tables.map(({ title }) => title)).toEqual(["kinds", "keys"]);
  const [kinds, keys] = tables;
  expect(kinds?.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
    "id integer",
    "v ",
    "i int",
    "r real",
    "t text",
    "b blob",
    "thrice ",
    "added text",
  ]);
  expect(kinds?.rows[0]).toEqual(["-5", null, "0", "0", "", "0x", "0", "before"]);
  expect(kinds?.rows.at(-1)?.slice(0, 4)).toEqual([
    "9223372036854775807",
    "2.5",
    "-9000000000000000000",
    "-0.5",
  ]);
  expect(kinds?.notes).toEqual(["without 1 computed column"]);
  expect(keys?.rows.map((row) => row.join())).toEqual(["a,3,0", "y,3,", "z,2,z", "x,1,1"]);
});
