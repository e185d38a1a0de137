import { expect, test } from "vitest";
import { createWorld, DATASET, MTIME } from "../helpers/world.ts";

test("a name that is not UTF-8, as Python writes it, opens the file with those bytes in its name", async () => {
  await using world = await createWorld();
  await world.put("caf\udce9.csv", "v\n1\n");
  const { outcomes } = await world.pass();
  expect(outcomes).toEqual({ "raw/caf\udce9.csv": "sampled" });
  expect(await world.samples()).toEqual(["caf__sample.csv"]);
  expect(await world.receipts()).toMatchObject([
    { raw: "raw/caf\udce9.csv", sample: "samples/caf__sample.csv" },
  ]);
  expect(world.row("raw/caf\udce9.csv")).toMatchObject({ outcome: "sampled" });
  await world.announce("caf\udce9.csv");
  expect((await world.pass()).summary).toMatchObject({ unchanged: 1 });
});

test("escaped bytes that are a character after all name the same file as the character", async () => {
  await using world = await createWorld();
  await world.put("\u00e9.csv", "v\n1\n");
  await world.announce("\udcc3\udca9.csv");
  await world.announce("\udcc3\udca9\udcff.csv");
  await world.announce("\u00e9\udcff.csv");
  const { summary, outcomes } = await world.pass();
  expect(summary).toMatchObject({ lines: 4, superseded: 2, sampled: 1, failed: 1 });
  expect(outcomes).toEqual({ "raw/\u00e9.csv": "sampled", "raw/\u00e9\udcff.csv": "FILE_MISSING" });
});

test.each([
  ["spaces and quotes", `it's "a" name .csv`],
  ["a line feed", "two\nlines.csv"],
  ["a backslash", "back\\slash.csv"],
  ["percent and hash", "100%#.csv"],
  ["a leading dash", "-rf.csv"],
  ["emoji", "📈.csv"],
  ["decomposed letters", "u\u0308.csv"],
  ["right to left", "\u202egnp.csv"],
])("a name with %s is sampled", async (_what, name) => {
  await using world = await createWorld();
  await world.put(name, "v\n1\n");
  expect((await world.pass()).outcomes).toEqual({ [`raw/${name}`]: "sampled" });
  expect(await world.samples()).toHaveLength(1);
});

test("an absolute path below the prefix is as good as a relative one", async () => {
  await using world = await createWorld();
  const bronze = world.path("bronze/2026/a.csv");
  await world.put("a.csv", "v\n1\n", { bronze: "bronze/2026/a.csv", dataset: "other/one/v2" });
  await world.announce("a.csv", { bronze: bronze.replace(DATASET, "other/one/v2") });
  const { outcomes } = await world.pass();
  expect(outcomes).toEqual({ "raw/a.csv": "sampled" });
  expect(await world.samples()).toEqual(["a_sample.csv"]);
});

test("a raw that climbs out gives a sample that does not", async () => {
  await using world = await createWorld({ sample: { layout: "mirror" } });
  await world.write("bronze/a.csv", "v\n1\n");
  await world.announce("a.csv", { raw: "../../../../tmp/../a.csv", mtime: MTIME });
  await world.announce("a.csv", { raw: "/etc/cron.d/a.csv", mtime: MTIME });
  await world.announce("a.csv", { raw: "..", mtime: MTIME });
  await world.pass();
  expect(await world.samples()).toEqual(["_sample", "etc/cron.d/a_sample.csv", "tmp/a_sample.csv"]);
});

test("a raw with too long a path fails alone", async () => {
  await using world = await createWorld({ sample: { layout: "mirror" } });
  await world.put("a.csv", "v\n1\n");
  await world.announce("a.csv", { raw: `raw/${"deep/".repeat(2000)}a.csv` });
  await world.put("b.csv", "v\n1\n");
  const { summary, outcomes } = await world.pass();
  expect(summary).toMatchObject({ sampled: 2, failed: 1, paused: 0 });
  expect(Object.values(outcomes)).toContain("PATH_REFUSED");
});

test("a directory that a sample's name is taken by fails alone", async () => {
  await using world = await createWorld({ sample: { layout: "mirror" } });
  await world.put("b.csv", "v\n1\n");
  await world.put("d_sample.csv/e.csv", "v\n1\n");
  await world.pass();
  await world.put("b_sample.csv/c.csv", "v\n1\n");
  await world.put("d.csv", "v\n1\n");
  await world.put("z.csv", "v\n1\n");
  const { summary, outcomes } = await world.pass();
  expect(summary).toMatchObject({ sampled: 1, paused: 0, failed: 2 });
  expect(outcomes).toMatchObject({
    "raw/d.csv": "PATH_REFUSED",
    "raw/b_sample.csv/c.csv": "PATH_REFUSED",
  });
  expect(await world.samples()).toEqual([
    "b_sample.csv",
    "d_sample.csv/e_sample.csv",
    "z_sample.csv",
  ]);
});
