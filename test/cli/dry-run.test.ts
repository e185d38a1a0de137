import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cachePath } from "../../src/store/sqlite/cache-files.ts";
import { objectOf, SECRET, startObjects } from "../helpers/range-server.ts";
import { createWorld, DATASET, MTIME, rows } from "../helpers/world.ts";

test("--dry-run says what would be done and touches nothing", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.put("b.csv", rows(3));
  await world.pass();
  world.close();
  await world.put("a.csv", rows(4), { mtime: MTIME + 1 });
  await world.announce("b.csv");
  await world.put("c.tar", Buffer.alloc(1024));
  await world.put("b/a.csv", rows(3));
  await world.manifest("no entry\n");
  const temporary = join(world.root, "temporary");
  await mkdir(temporary);
  const before = await world.snapshot();

  const env = { TMPDIR: temporary };
  const { code, stdout, stderr } = await world.run(["run", "--dry-run"], { env });
  // 3: a line would be rejected.
  expect(code).toBe(3);
  expect(stdout.trim().split("\n").toSorted()).toEqual([
    `${DATASET} raw/a.csv → samples/a_sample.csv`,
    expect.stringMatching(
      new RegExp(`^${DATASET} raw/b/a.csv → samples/a_sample~[0-9a-f]{16}\\.csv$`),
    ),
    `${DATASET} raw/c.tar → samples/c_sample.txt`,
  ]);
  expect(stderr).toMatch(/would sample 3; unchanged 1, rejected 1/);
  expect(stderr).toMatch(/^rejected: /m);
  expect(await world.snapshot()).toEqual(before);
  expect(await readdir(temporary)).toEqual([]);

  expect((await world.pass()).summary).toMatchObject({ sampled: 3, unchanged: 1, rejected: 1 });
});

test("--dry-run before the first run makes no cache", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  const before = await world.snapshot();
  const { code, stdout } = await world.run(["run", "--once", "--dry-run"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/raw\/a\.csv → samples\/a_sample\.csv/);
  expect(await world.snapshot()).toEqual(before);
});

test("--dry-run works beside the daemon", async () => {
  await using world = await createWorld({ schedule: "0 0 29 2 *", watch: false });
  await world.put("a.csv", rows(3));
  const daemon = await world.daemon();
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  await world.put("b.csv", rows(3));
  const { code, stdout } = await world.run(["run", "--dry-run"]);
  expect(code).toBe(0);
  expect(stdout).toBe(`${DATASET} raw/b.csv → samples/b_sample.csv\n`);
});

test("--dry-run on a broken cache is an error with a message, and moves nothing", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.pass();
  world.close();
  await writeFile(cachePath(world.state), "not a database ".repeat(1000));
  const before = await world.snapshot();
  const { code, stderr } = await world.run(["run", "--dry-run"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/CACHE_UNUSABLE/);
  expect(await world.snapshot()).toEqual(before);
});

test("it says what retention would remove, and removes nothing", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.pass();
  await world.configure({ retention: { maxBytes: 1 } });
  const { stdout, code } = await world.run(["run", "--once", "--dry-run"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^acme\/orders\/v1 samples\/a_sample\.csv → removed$/m);
  expect(await world.samples()).toEqual(["a_sample.csv"]);
  expect((await world.receipts()).filter(({ outcome }) => outcome === "pruned")).toEqual([]);
});

test("--dry-run asks no server, and says nothing of a URL's query", async () => {
  await using server = await startObjects(objectOf(Buffer.from(rows(3))));
  const url = server.url("a.csv");
  await using world = await createWorld({ allowedRoots: [new URL(".", url).href] });
  await world.announce("a.csv", { bronze: url.href });
  const before = await world.snapshot();
  const { stdout, stderr } = await world.run(["run", "--once", "--dry-run"]);
  expect(stdout).toContain("raw/a.csv → samples/a_sample.csv");
  expect(stdout + stderr).not.toContain(SECRET);
  expect(server.asked).toEqual([]);
  expect(await world.snapshot()).toEqual(before);
});
