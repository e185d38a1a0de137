import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { appendEntry } from "../../src/manifest/append.ts";
import { discover } from "../../src/manifest/discover.ts";
import { createWorld, DATASET } from "../helpers/world.ts";

test("many appends at once give whole lines", async () => {
  await using world = await createWorld();
  const { prefix } = world;
  const all = Array.from({ length: 200 }, (_, i) => ({
    raw: `raw/${"x".repeat(i * 20)}${i}`,
    bronze: `b${i}`,
    mtime: i,
  }));
  await Promise.all(all.map((entry) => appendEntry({ prefix, dataset: DATASET, ...entry })));
  const lines = (await readFile(world.path("manifests/processed.jsonl"), "utf8"))
    .trim()
    .split("\n");
  const byMtime = lines
    .map((line) => JSON.parse(line) as (typeof all)[number])
    .toSorted((a, b) => a.mtime - b.mtime);
  expect(byMtime).toEqual(all);
});

test("what the reader would reject is not written", async () => {
  await using world = await createWorld();
  const good = {
    prefix: world.prefix,
    dataset: DATASET,
    raw: "raw/a",
    bronze: "bronze/a",
    mtime: 1,
  };
  const bad: Partial<typeof good>[] = [
    { raw: "" },
    { raw: "a\0b" },
    { bronze: "\ud800" },
    { mtime: NaN },
    { mtime: 1e12 },
    { raw: "x".repeat(1024 * 1024) },
    { dataset: "a/b" },
    { dataset: "a//c" },
    { dataset: "../../etc" },
    { dataset: "/a/b" },
  ];
  for (const change of bad) {
    await expect(
      appendEntry({ ...good, ...change }),
      JSON.stringify(change).slice(0, 60),
    ).rejects.toMatchObject({ code: "USAGE" });
  }
  await expect(readFile(world.path("manifests/processed.jsonl"))).rejects.toMatchObject({
    code: "ENOENT",
  });
});

test("datasets are found by their manifests, through links out of the lake too, hidden directories left out", async () => {
  await using world = await createWorld();
  for (const dataset of ["a/b/c", "a/b/d", ".hidden/b/c", "z/y/x"])
    await world.manifest("", dataset);
  await world.write("file", "x", "no/manifests/here");
  await symlink(world.path("", "a/b/c"), world.path("", "a/b/link"));
  await mkdir(join(world.root, "far/manifests"), { recursive: true });
  await symlink(join(world.root, "far"), world.path("", "a/b/far"));
  const { datasets, aliases, errors } = await discover(
    world.prefix,
    (name) => !name.startsWith("z/"),
  );
  expect(datasets).toEqual(["a/b/c", "a/b/d", "a/b/far"]);
  expect(aliases).toEqual([{ alias: "a/b/link", dataset: "a/b/c" }]);
  expect(errors).toEqual([]);
});

test("a prefix that cannot be read is an error, never no datasets", async () => {
  await using world = await createWorld();
  const { datasets, errors } = await discover(`${world.prefix}/gone`, () => true);
  expect(datasets).toEqual([]);
  expect(errors).toMatchObject([
    { path: expect.stringMatching(/gone/), error: { code: "ENOENT" } },
  ]);
});
