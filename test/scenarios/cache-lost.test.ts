import { execFileSync } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { cachePath } from "../../src/store/sqlite/cache-files.ts";
import { isRecords } from "../../src/samples/path.ts";
import { createWorld, MTIME, rows, type World } from "../helpers/world.ts";

async function fill(world: World): Promise<void> {
  await world.put("a.csv", rows(5));
  await world.put("b.csv", rows(6));
  await world.put("c.tar", Buffer.alloc(1024));
  await world.put("d.bin", Buffer.alloc(2000, 7));
  await world.pass();
  await world.put("b.csv", rows(7), { mtime: MTIME + 1 });
  await world.pass();
}

const facts = (world: World) =>
  world.rows().map(({ raw, mtime, outcome, sample, format, bytes }) => ({
    raw,
    mtime,
    outcome,
    sample,
    format,
    bytes,
  }));

/** Nothing is sampled again, everything is known again, and what is new is sampled. */
async function expectRebuilt(world: World, before: object, known: object): Promise<void> {
  const { summary, ingested } = await world.pass();
  expect(summary).toMatchObject({ sampled: 0, failed: 0, unchanged: 4, errors: 0 });
  expect(ingested).toMatchObject({ restored: 5, reread: expect.any(String) });
  expect(await world.snapshot(world.path("samples"))).toEqual(before);
  expect(facts(world)).toEqual(known);
  await world.put("e.csv", rows(1));
  expect((await world.pass()).outcomes).toEqual({ "raw/e.csv": "sampled" });
}

test("a cache that is gone is rebuilt from the receipts, and nothing is sampled again", async () => {
  await using world = await createWorld();
  await fill(world);
  const [before, known] = [await world.snapshot(world.path("samples")), facts(world)];
  world.close();
  await rm(world.state, { recursive: true });
  await expectRebuilt(world, before, known);
  expect(world.movedAside()).toBeUndefined();
});

const damages: Readonly<Record<string, (path: string) => Promise<void>>> = {
  "filled with zeros": async (path) => writeFile(path, Buffer.alloc((await readFile(path)).length)),
  "no database at all": (path) =>
    writeFile(path, "this is not a database, but it is long enough to be read as one".repeat(100)),
  "torn in the middle": async (path) => {
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0x5a, 4096));
  },
};

test.each(Object.entries(damages))(
  "a cache that is %s is moved aside, never deleted, and rebuilt",
  async (_what, damage) => {
    await using world = await createWorld();
    await fill(world);
    const [before, known] = [await world.snapshot(world.path("samples")), facts(world)];
    world.close();
    await damage(cachePath(world.state));
    const broken = await readFile(cachePath(world.state));
    await expectRebuilt(world, before, known);
    const moved = world.movedAside();
    expect(moved?.reason).toMatch(/damaged/);
    expect(await readFile(moved?.path ?? "")).toEqual(broken);
  },
);

test("a cache of a newer version is moved aside as well", async () => {
  await using world = await createWorld();
  await fill(world);
  const [before, known] = [await world.snapshot(world.path("samples")), facts(world)];
  world.close();
  const db = new Database(cachePath(world.state));
  db.pragma("user_version = 999");
  db.close();
  await expectRebuilt(world, before, known);
  expect(world.movedAside()?.reason).toMatch(/newer version \(999\)/);
});

test("run --once says that a broken cache was moved aside", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(5));
  await world.pass();
  world.close();
  await writeFile(cachePath(world.state), Buffer.alloc(40_000));
  const ran = await world.run(["run", "--once", "--json"]);
  expect(ran.stderr).toMatch(/cache moved aside: .*kept as .*cache\.db\.broken-/);
  expect(JSON.parse(ran.stdout)).toMatchObject({ sampled: 0, unchanged: 1 });
  expect((await readdir(world.state)).filter((name) => name.includes("broken"))).toHaveLength(1);
});

test("a cache that another process has locked is an error that people see", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(5));
  await world.pass();
  world.close();
  const db = new Database(cachePath(world.state));
  db.exec("BEGIN EXCLUSIVE");
  const ran = await world.run(["run", "--once"]);
  db.exec("ROLLBACK");
  db.close();
  expect(ran.stderr).toMatch(/CACHE_UNUSABLE: .*another process holds it/);
  expect(ran.code).toBe(1);
});

test("the last receipt of a raw counts, sealed ones are read first, and a torn last line is none", async () => {
  await using world = await createWorld();
  await fill(world);
  const path = world.path("samples/_receipts.jsonl");
  const lines = (await readFile(path, "utf8")).trim().split("\n");
  await writeFile(`${path}.1`, `${lines.slice(0, 2).join("\n")}\n`);
  await writeFile(`${path}.2`, `${lines[2]}\n`);
  await writeFile(`${path}.10`, `${lines[3]}\n`);
  await writeFile(path, `${lines[4]}\n{"raw":"raw/a.csv","bronze":"br`);
  const known = facts(world);
  world.close();
  await rm(world.state, { recursive: true });
  const { summary, ingested } = await world.pass();
  expect(summary).toMatchObject({ sampled: 0, unchanged: 4 });
  expect(ingested).toMatchObject({ restored: 5 });
  expect(facts(world)).toEqual(known);
  expect(await readFile(path, "utf8")).toBe(`${lines[4]}\n`);
});

test("a failure that is remembered is tried once more, and its stale sample stays listed", async () => {
  await using world = await createWorld();
  await fill(world);
  await world.announce("a.csv", { bronze: "bronze/gone.csv", mtime: MTIME + 1 });
  await world.pass();
  world.close();
  await rm(world.state, { recursive: true });
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "FILE_MISSING" });
  expect(world.row("raw/a.csv")).toMatchObject({
    outcome: "failed",
    sample: "samples/a_sample.csv",
    stale: true,
  });
});

test("without receipts and cache everything is sampled again, to the same bytes", async () => {
  await using world = await createWorld();
  await fill(world);
  const contents = async () =>
    [...(await world.snapshot(world.path("samples")))]
      .filter(([name]) => !isRecords(name))
      .map(([name, { text }]) => [name, text]);
  await rm(world.path("samples/_receipts.jsonl"));
  const before = await contents();
  world.close();
  await rm(world.state, { recursive: true });
  expect((await world.pass()).summary).toMatchObject({ sampled: 3, described: 1 });
  await rm(world.path("samples/_receipts.jsonl"));
  expect(await contents()).toEqual(before);
});

test("the cache is for its owner and group only", async () => {
  await using world = await createWorld();
  await fill(world);
  const mode = execFileSync("stat", ["-c", "%a", cachePath(world.state)])
    .toString()
    .trim();
  expect(mode).toBe("640");
});

test("a failure that receipts tell of keeps its code and message, also where its line is gone", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.pass();
  await world.put("a.csv", rows(3), { bronze: "/etc/hostname", mtime: MTIME + 1 });
  await world.pass();
  const before = world.row("raw/a.csv");
  expect(before).toMatchObject({ code: "PATH_REFUSED", stale: true });
  world.close();
  await rm(world.state, { recursive: true });
  await writeFile(world.path("manifests/processed.jsonl"), "");
  await world.put("b.csv", rows(3));
  await world.pass();
  expect(world.row("raw/a.csv")).toMatchObject({
    outcome: "failed",
    code: "PATH_REFUSED",
    message: before?.message,
    stale: true,
  });
});
