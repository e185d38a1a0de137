import { expect, test } from "vitest";
import { profileOf } from "../../src/view/profile.ts";
import type { Column, Table } from "../../src/view/types.ts";
import { createWorld } from "../helpers/world.ts";

type Cell = string | null;

function tableOf(columns: readonly Column[], rows: readonly (readonly Cell[])[]): Table {
  return { title: null, columns, rows, notes: ["first 3 of 4 rows"] };
}

/** The profile of one column with these cells: name of the fact → its text. */
function profile(type: string, cells: readonly Cell[]): Readonly<Record<string, Cell>> {
  const column = { name: "x", type };
  const table = tableOf(
    [column],
    cells.map((cell) => [cell]),
  );
  const [found] = profileOf({ format: "csv", facts: [], tables: [table], warnings: [] }).tables;
  const entries = found?.columns.map(({ name }, i) => [name, found.rows[0]?.[i] ?? null]) ?? [];
  return Object.fromEntries(entries) as Record<string, Cell>;
}

test("numbers are compared as numbers, and their distribution is from the least to the greatest", () => {
  expect(profile("integer", ["10", "9", "", null, "-1", "10"])).toEqual({
    column: "x",
    type: "integer",
    values: "4",
    nulls: "2",
    distinct: "3",
    min: "-1",
    max: "10",
    mean: "7",
    length: "1–2",
    examples: "10, 9, -1",
    distribution: "▃      █",
  });
});

test("a number of more digits than a double holds is shown as it stands", () => {
  const found = profile("integer", ["9007199254740993", "1"]);
  expect(found).toMatchObject({ min: "1", max: "9007199254740993", mean: "4503600000000000" });
});

test("text is compared by characters, and its distribution is that of the most frequent values", () => {
  const long = "y".repeat(50);
  expect(profile("text", ["b", "a", "b", long])).toMatchObject({
    values: "4",
    nulls: "0",
    distinct: "3",
    min: "a",
    max: `${"y".repeat(40)}…`,
    mean: null,
    length: "1–50",
    examples: `b, a, ${"y".repeat(40)}…`,
    distribution: "█▄▄",
  });
});

test.each([
  ["no values", "empty", ["", null], { values: "0", distinct: "0", min: null, max: null }],
  ["equal numbers", "number", ["2.5", "2.5"], { mean: "2.5", distribution: "█", length: "3" }],
  ["numbers too far apart for one", "number", ["-1e308", "1e308"], { distribution: "█      █" }],
  ["numbers of which one is none", "double", ["1", "NaN"], { mean: null, min: "1", max: "NaN" }],
] as const)("%s", (_what, type, cells, expected) => {
  expect(profile(type, cells)).toMatchObject(expected);
});

test("a table says over how many rows, and how many columns it leaves out", () => {
  const columns = ["a", "b", "c"].map((name) => ({ name, type: "integer" }));
  const view = { format: "csv", facts: [], warnings: [], tables: [tableOf(columns, [["1"]])] };
  const [table] = profileOf(view, 2).tables;
  expect(table?.rows.map(([name]) => name)).toEqual(["a", "b"]);
  expect(table?.notes).toEqual(["over 1 row of the sample", "first 3 of 4 rows", "1 more column"]);
});

test("show --profile is of all rows of the sample and of whole values, in each form", async () => {
  await using world = await createWorld();
  const long = "z".repeat(300);
  const lines = Array.from({ length: 150 }, (_, i) => `${i},${i === 99 ? long : "short"}`);
  await world.put("a.csv", `id,text\n${lines.join("\n")}\n`);
  await world.pass();
  const { stdout } = await world.run(["show", "raw/a.csv", "--profile", "-o", "json"]);
  expect(JSON.parse(stdout)).toMatchObject([
    { column: "id", values: 100, nulls: 0, distinct: 100, max: "99", mean: 49.5 },
    { column: "text", values: 100, distinct: 2, length: "5–300" },
  ]);
  const shown = await world.run(["show", "raw/a.csv", "--profile", "--columns", "id"]);
  expect(shown.stdout).toMatch(/\nid\s+integer\s+100\s+0\s+100\s+0\s+99\s+49\.5\s/);
  expect(shown.stdout).toContain("(over 100 rows of the sample)");
  const both = await world.run(["show", "raw/a.csv", "--profile", "--schema"]);
  expect(both.code).toBe(2);
});
