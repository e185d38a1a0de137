import { readFile, utimes } from "node:fs/promises";
import { expect, test } from "vitest";
import { createWorld, DATASET, rows, type World } from "../helpers/world.ts";

const manifest = (world: World, dataset = DATASET) =>
  readFile(world.path("manifests/processed.jsonl", dataset), "utf8");

test("append writes one line that is then sampled; the directory is made where it is missing", async () => {
  await using world = await createWorld();
  await world.write("bronze/a.csv", rows(5));
  const args = ["append", "--dataset", DATASET, "--raw", "raw/a.csv", "--bronze", "bronze/a.csv"];
  const { code, stdout, stderr } = await world.run([...args, "--mtime", "1737200000.5"]);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await manifest(world)).toBe(
    '{"raw":"raw/a.csv","bronze":"bronze/a.csv","mtime":1737200000.5}\n',
  );
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
});

test("without --mtime it is read from raw, else from bronze; --json prints the line", async () => {
  await using world = await createWorld();
  await world.write("raw/a.csv", rows(5));
  await world.write("bronze/a.csv", rows(5));
  await utimes(world.path("raw/a.csv"), 1111.25, 1111.25);
  await utimes(world.path("bronze/a.csv"), 2222.5, 2222.5);
  const both = await world.run([
    "append",
    "--dataset",
    DATASET,
    "--raw",
    "raw/a.csv",
    "--bronze",
    "bronze/a.csv",
    "--json",
  ]);
  expect(JSON.parse(both.stdout)).toEqual({
    raw: "raw/a.csv",
    bronze: "bronze/a.csv",
    mtime: 1111.25,
  });
  const bronze = await world.run([
    "append",
    "--dataset",
    DATASET,
    "--raw",
    "raw/b.csv",
    "--bronze",
    "bronze/a.csv",
    "--json",
  ]);
  expect(JSON.parse(bronze.stdout)).toMatchObject({ mtime: 2222.5 });
  expect(await manifest(world)).toBe(both.stdout + bronze.stdout);
});

test.each([
  [
    "a dataset of two parts",
    ["--dataset", "a/b", "--raw", "r", "--bronze", "b", "--mtime", "1"],
    /vendor\/dataset\/version/,
  ],
  [
    "a dataset that climbs",
    ["--dataset", "a/../c", "--raw", "r", "--bronze", "b", "--mtime", "1"],
    /not a dataset/,
  ],
  [
    "an mtime that is none",
    ["--dataset", "a/b/c", "--raw", "r", "--bronze", "b", "--mtime", "noon"],
    /--mtime noon/,
  ],
  [
    "milliseconds",
    ["--dataset", "a/b/c", "--raw", "r", "--bronze", "b", "--mtime", "1737200000000"],
    /milliseconds/,
  ],
  [
    "no mtime anywhere",
    ["--dataset", "a/b/c", "--raw", "r", "--bronze", "b"],
    /neither r nor b is there/,
  ],
  [
    "an empty raw",
    ["--dataset", "a/b/c", "--raw", "", "--bronze", "b", "--mtime", "1"],
    /raw is not a non-empty string/,
  ],
])("%s is a usage error, and nothing is written", async (_what, args, message) => {
  await using world = await createWorld();
  const before = await world.snapshot();
  const { code, stderr } = await world.run(["append", ...args]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(await world.snapshot()).toEqual(before);
});

const anEntry = ["--raw", "raw/a.csv", "--bronze", "bronze/a.csv", "--mtime", "1"];

test("a dataset without bronze/ is warned of, and so is a bronze that is not there", async () => {
  await using world = await createWorld();
  const typo = await world.run(["append", "--dataset", "acme/ordres/v1", ...anEntry]);
  expect({ code: typo.code, stdout: typo.stdout }).toEqual({ code: 0, stdout: "" });
  expect(typo.stderr).toBe(
    `warning: ${world.path("bronze", "acme/ordres/v1")} is not there: is acme/ordres/v1 the right dataset?\n` +
      `warning: ${world.path("bronze/a.csv", "acme/ordres/v1")} is not there: append after the copy is complete\n`,
  );
  expect(await manifest(world, "acme/ordres/v1")).toMatch(/^\{"raw":"raw\/a.csv".*\}\n$/);
  const early = await world.run(["append", "--dataset", DATASET, ...anEntry]);
  expect(early.stderr).toBe(
    `warning: ${world.path("bronze/a.csv")} is not there: append after the copy is complete\n`,
  );
});

test("--strict appends nothing where bronze is not there, and makes no directory", async () => {
  await using world = await createWorld();
  const before = await world.snapshot();
  for (const dataset of [DATASET, "acme/ordres/v1"]) {
    const { code, stderr } = await world.run([
      "append",
      "--dataset",
      dataset,
      ...anEntry,
      "--strict",
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/FILE_MISSING: .*is not there.*; nothing was appended/);
  }
  expect(await world.snapshot()).toEqual(before);
  await world.write("bronze/a.csv", rows(2));
  const whole = await world.run(["append", "--dataset", DATASET, ...anEntry, "--strict"]);
  expect(whole).toMatchObject({ code: 0, stderr: "" });
});

test("an absolute bronze outside of its dataset is looked for where it is", async () => {
  await using world = await createWorld();
  await world.write("bronze/b.csv", rows(2), "acme/other/v1");
  const bronze = world.path("bronze/b.csv", "acme/other/v1");
  const args = ["--dataset", DATASET, "--raw", "raw/b.csv", "--bronze", bronze, "--mtime", "1"];
  const { code, stderr } = await world.run(["append", ...args, "--strict"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});
