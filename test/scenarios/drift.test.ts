import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { DriftFinding as Finding } from "../../src/samples/findings.ts";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { csvOf, orders, type Table, tableFiles, type TextOptions } from "../helpers/table-files.ts";
import { createWorld, type World } from "../helpers/world.ts";

/** The lines of a file below `samples/`; none where it is not there. */
function lines<T>(world: World, name: string): T[] {
  const path = world.path(`samples/${name}`);
  if (!existsSync(path)) return [];
  const text = readFileSync(path, "utf8");
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as T]));
}

/** A world in which six files of a series came before, none like the other in its values. */
async function worldAfter(extension: string, config: object = {}): Promise<World> {
  const world = await createWorld(config);
  const write = tableFiles[extension] as (table: Table) => Promise<Buffer>;
  for (let day = 10; day < 16; day += 1) {
    const value: Table["value"] = (name, row) => orders.value(name, row + day * 1000);
    await world.put(`orders_202601${day}.${extension}`, await write({ ...orders, value }));
  }
  await world.pass();
  expect(lines(world, "_findings.jsonl")).toEqual([]);
  return world;
}

/** Adds a changed file on two days; returns the one finding there may be of it. */
async function findingOf(world: World, extension: string, bytes: Buffer): Promise<Finding> {
  for (const day of ["20260201", "20260202"]) {
    await world.put(`orders_${day}.${extension}`, bytes);
    await world.pass();
  }
  const found = lines<Finding>(world, "_findings.jsonl");
  expect(found).toHaveLength(1);
  return found[0] as Finding;
}

const named = (names: readonly string[]): Table => ({ ...orders, names });
const retyped: Table = {
  ...orders,
  value: (name, row) => (name === "price" ? `about ${row}` : orders.value(name, row)),
};
const isWarning = { severity: "warn" };

describe.each(Object.keys(tableFiles))("in %s, a file is told once that has", (extension) => {
  const cases: [string, Table, object[]][] = [
    [
      "one more column",
      named([...orders.names, "tax"]),
      [{ change: "added", column: "tax", severity: "info" }],
    ],
    [
      "one column less",
      named(["id", "name", "day"]),
      [{ change: "removed", column: "price", ...isWarning }],
    ],
    ["a column of another type", retyped, [{ change: "type", column: "price", ...isWarning }]],
    [
      "a tenth of the size",
      { ...orders, rows: 150 },
      [{ change: "size", what: "bytes", ...isWarning }],
    ],
  ];
  if (extension === "jsonl") {
    const isGone = { change: "removed", column: "name" };
    cases.push([
      "a key of another name",
      named(["id", "label", "price", "day"]),
      [isGone, { change: "added", column: "label" }],
    ]);
  } else {
    const isOther = { change: "renamed", column: "name", was: "name", is: "label", ...isWarning };
    cases.push(["a column of another name", named(["id", "label", "price", "day"]), [isOther]]);
    const isMoved = { change: "reordered", column: "price", ...isWarning };
    cases.push(["columns in another order", named(["id", "price", "name", "day"]), [isMoved]]);
  }
  test.each(cases)("%s", async (_, table, changes) => {
    await using world = await worldAfter(extension);
    const bytes = await (tableFiles[extension] as (table: Table) => Promise<Buffer>)(table);
    const found = await findingOf(world, extension, bytes);
    expect(found).toMatchObject({
      raw: `raw/orders_20260201.${extension}`,
      kind: "drift",
      series: `raw/orders_#.${extension}`,
      changes: changes.map((change) => expect.objectContaining(change) as object),
    });
    expect(found.changes).toHaveLength(changes.length);
  });
});

describe.each(["csv", "csv.gz"])("in %s, a file is told once that has", (extension) => {
  const umlauts: Table = { ...orders, value: (name, row) => `${orders.value(name, row)}é` };
  const cases: [string, Table, TextOptions, object][] = [
    ["another delimiter", orders, { delimiter: ";" }, { what: "delimiter", was: ",", is: ";" }],
    ["other line ends", orders, { lineEnd: "\r\n" }, { what: "lineEnd", was: "LF", is: "CRLF" }],
    ["no header", orders, { header: false }, { what: "header", was: "first", is: "none" }],
    [
      "another encoding",
      named(["id", "name"]),
      { encoding: "utf16le" },
      { what: "encoding", is: "UTF-16 LE" },
    ],
    ["Latin-1", umlauts, { encoding: "latin1" }, { what: "encoding", is: "other" }],
  ];
  test.each(cases)("%s", async (_, table, options, change) => {
    await using world = await worldAfter(extension);
    const bytes = csvOf(table, options);
    const found = await findingOf(world, extension, extension === "csv" ? bytes : gzipSync(bytes));
    expect(found.changes).toContainEqual(expect.objectContaining({ change: "dialect", ...change }));
  });
});

test("a file without rows, or without anything, is told", async () => {
  await using world = await worldAfter("csv");
  await world.put("orders_20260201.csv", csvOf({ ...orders, rows: 0 }));
  await world.pass();
  await world.put("orders_20260202.csv", csvOf(orders));
  await world.put("orders_20260203.csv", "");
  await world.pass();
  const found = lines<Finding>(world, "_findings.jsonl").map(({ raw, changes }) => [raw, changes]);
  expect(found).toEqual([
    ["raw/orders_20260201.csv", [{ change: "size", what: "rows", is: 0, severity: "warn" }]],
    ["raw/orders_20260203.csv", [{ change: "size", what: "bytes", is: 0, severity: "warn" }]],
  ]);
});

test("shapes that take turns are known after the first time, and receipts name them", async () => {
  await using world = await createWorld();
  const other = named(["id", "day"]);
  for (const [i, table] of [orders, other, orders, other, orders].entries()) {
    await world.put(`orders_${i}.csv`, csvOf(table));
    await world.pass();
  }
  expect(lines(world, "_findings.jsonl")).toHaveLength(1);
  const shapes = lines<{ shape: string; names: string[] }>(world, "_shapes.jsonl");
  expect(shapes.map(({ names }) => names)).toEqual([orders.names, other.names]);
  const [first, second] = shapes.map(({ shape }) => shape);
  const receipts = await world.receipts();
  expect(receipts.map(({ shape }) => shape)).toEqual([first, second, first, second, first]);
});

test("members of an archive are compared with those of the archives before", async () => {
  await using world = await createWorld();
  const archive = (table: Table, i: number) =>
    zipOf([
      { name: `orders_${i}.csv`, data: csvOf(table) },
      { name: `other_${i}.csv`, data: "x\n1\n" },
    ]);
  await world.put("a_1.zip", archive(orders, 1));
  await world.put("a_2.zip", archive(named(["id", "name", "day"]), 2));
  await world.pass();
  expect(lines(world, "_findings.jsonl")).toMatchObject([
    {
      raw: "raw/a_2.zip",
      series: "raw/a_#.zip!orders_#.csv",
      changes: [{ change: "removed", column: "price", severity: "warn" }],
    },
  ]);
});

test("values are in no finding and no shape, not even where a header is lost", async () => {
  await using world = await worldAfter("csv");
  const secret: Table = { ...orders, value: (name, row) => `hush-${name}-${row}` };
  await world.put("orders_20260201.csv", csvOf(secret, { header: false }));
  await world.pass();
  for (const name of ["_findings.jsonl", "_shapes.jsonl"])
    expect(readFileSync(world.path(`samples/${name}`), "utf8")).not.toContain("hush");
});

test("drift is as the configuration wants it, for each dataset", async () => {
  const overrides = [{ datasets: "*/orders/*", drift: { report: { removed: "off" } } }];
  await using world = await worldAfter("csv", { overrides });
  await world.put("orders_20260201.csv", csvOf(named(["name", "price", "day"])));
  await world.put("orders_20260202.csv", csvOf(orders, { delimiter: "|" }));
  await world.pass();
  const found = lines<Finding>(world, "_findings.jsonl");
  expect(found.map(({ changes }) => changes.map(({ what }) => what))).toEqual([["delimiter"]]);
});

test("without drift, nothing is compared or kept", async () => {
  await using world = await createWorld({ drift: { enabled: false } });
  await world.put("a1.csv", csvOf(orders));
  await world.put("a2.csv", csvOf(named(["x"])));
  await world.pass();
  expect(await world.samples()).toEqual(["a1_sample.csv", "a2_sample.csv"]);
  expect((await world.receipts()).map(({ shape }) => shape)).toEqual([undefined, undefined]);
});

test("a pass that is cut off after its findings tells them again, and loses none", async () => {
  await using world = await worldAfter("csv");
  await world.put("orders_20260201.csv", csvOf(named(["id"])));
  const store = world.store();
  const { saveSeries } = store.drift;
  Object.assign(store.drift, { saveSeries: () => Promise.reject(new Error("cut off")) });
  await expect(world.pass()).rejects.toThrow("cut off");
  Object.assign(store.drift, { saveSeries });
  await world.pass();
  const found = lines<Finding>(world, "_findings.jsonl");
  expect(found.map(({ raw }) => raw)).toEqual([
    "raw/orders_20260201.csv",
    "raw/orders_20260201.csv",
  ]);
});

test("a raw's previous sample is kept when its shape changes, until the next change, and goes with it", async () => {
  await using world = await createWorld();
  const other = named(["id", "day"]);
  const versions: [Table, string[]][] = [
    [orders, ["a_sample.csv"]],
    [{ ...orders, rows: 1999 }, ["a_sample.csv"]],
    [other, ["a_sample.csv", "a_sample.csv.prev"]],
    [{ ...other, rows: 1999 }, ["a_sample.csv", "a_sample.csv.prev"]],
  ];
  for (const [i, [table, samples]] of versions.entries()) {
    await world.put("a.csv", csvOf(table), { mtime: 1_737_200_000 + i });
    await world.pass();
    expect(await world.samples()).toEqual(samples);
  }
  const previous = await world.sample("a_sample.csv.prev");
  expect(previous.toString().split("\n")[0]).toBe("id,name,price,day");
  const audited = await world.run(["audit"]);
  expect(audited.code).toBe(0);
  await world.run(["forget", "raw/a.csv", "--samples"]);
  expect(await world.samples()).toEqual([]);
});

test("a key that some records of an earlier file lack is not missed in a later one", async () => {
  await using world = await createWorld();
  const linesOf = (has: (row: number) => boolean) =>
    Array.from({ length: 40 }, (_, row) =>
      JSON.stringify({ id: row, ...(has(row) ? { note: "x" } : {}) }),
    ).join("\n");
  const files = [() => true, (row: number) => row % 2 === 0, () => false];
  for (const [day, has] of files.entries()) {
    await world.put(`notes_${day}.jsonl`, linesOf(has));
    await world.pass();
  }
  expect(lines(world, "_findings.jsonl")).toEqual([]);
});
