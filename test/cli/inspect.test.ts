import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { createWorld, MTIME, rows, type World } from "../helpers/world.ts";

const OTHER = "zeta/other/v2";

/** Two datasets, with one of each kind of outcome. */
async function fill(world: World): Promise<void> {
  await world.put("2026/a.csv", rows(200));
  await world.put("2026/model.bin", Buffer.alloc(5000, 1));
  await world.announce("gone.csv");
  await world.put('odd "name",\n.zip', "no zip");
  await world.put("a.csv", rows(3), { dataset: OTHER });
  await world.manifest("no entry\n", OTHER);
  await world.pass();
  world.close();
}

test("status --json has the documented fields", async () => {
  await using world = await createWorld();
  await fill(world);
  await world.manifest('{"raw"');
  const { code, stdout } = await world.run(["status", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    running: null,
    passesWait: null,
    lastPass: expect.objectContaining({
      sampled: 3,
      failed: 2,
      rejected: 1,
      at: expect.any(String),
    }),
    failures: [
      { code: "FILE_MISSING", entries: 1 },
      { code: "FORMAT_INVALID", entries: 1 },
    ],
    datasets: [
      {
        dataset: "acme/orders/v1",
        entries: 4,
        sampled: 2,
        failed: 2,
        pruned: 0,
        waiting: 1,
        rejected: 0,
        oldestDueSeconds: null,
        unreadBytes: 6,
      },
      {
        dataset: OTHER,
        entries: 1,
        sampled: 1,
        failed: 0,
        pruned: 0,
        waiting: 0,
        rejected: 1,
        oldestDueSeconds: null,
        unreadBytes: 0,
      },
    ],
  });
});

test("status for people says the same", async () => {
  await using world = await createWorld();
  await fill(world);
  const { code, stdout } = await world.run(["status"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/not running/);
  expect(stdout).toMatch(/5 entries: 3 sampled, 2 failed, 1 waiting/);
  expect(stdout).toMatch(/FILE_MISSING\s+1/);
  expect(stdout).toMatch(/acme\/orders\/v1\s+4\s+2\s+2\s+0\s+1/);
});

test("list --json has the documented fields, by dataset and raw", async () => {
  await using world = await createWorld();
  await fill(world);
  const { code, stdout } = await world.run(["list", "--json"]);
  expect(code).toBe(0);
  const listed = JSON.parse(stdout) as Record<string, unknown>[];
  expect(listed.map(({ dataset, raw }) => [dataset, raw])).toEqual([
    ["acme/orders/v1", "raw/2026/a.csv"],
    ["acme/orders/v1", "raw/2026/model.bin"],
    ["acme/orders/v1", "raw/gone.csv"],
    ["acme/orders/v1", 'raw/odd "name",\n.zip'],
    [OTHER, "raw/a.csv"],
  ]);
  expect(listed[0]).toEqual({
    dataset: "acme/orders/v1",
    raw: "raw/2026/a.csv",
    bronze: "bronze/2026/a.csv",
    mtime: MTIME,
    outcome: "sampled",
    waiting: false,
    sample: "samples/a_sample.csv",
    stale: false,
    format: "csv",
    rows: 100,
    bytes: rows(100).length,
    sourceSize: rows(200).length,
    reason: null,
    code: null,
    message: null,
    attempts: 0,
    nextAt: null,
    at: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  expect(listed[2]).toMatchObject({
    outcome: "failed",
    code: "FILE_MISSING",
    waiting: true,
    attempts: 1,
    sample: null,
  });
});

test("list --csv is what a CSV reader reads", async () => {
  await using world = await createWorld();
  await fill(world);
  const [csv, json] = [await world.run(["list", "--csv"]), await world.run(["list", "--json"])];
  const records = parse(csv.stdout, { columns: true }) as Record<string, string>[];
  const listed = JSON.parse(json.stdout) as Record<string, unknown>[];
  expect(records).toHaveLength(5);
  for (const [i, record] of records.entries()) {
    const expected = Object.entries(listed[i] ?? {}).map(([key, value]) => [
      key,
      value === null ? "" : String(value),
    ]);
    expect(record).toEqual(Object.fromEntries(expected));
  }
});

test.each([
  [["--dataset", "acme/**"], 4],
  [["--dataset", "*/other/*"], 1],
  [["--outcome", "sampled"], 3],
  [["--outcome", "failed"], 2],
  [["--outcome", "waiting"], 1],
  [["--since", "1h"], 5],
  [["--since", "2100-01-01"], 0],
  [["raw/2026/**"], 2],
  [["**/*.csv", "--dataset", "acme/**"], 2],
  [["raw/nothing"], 0],
])("list %j lists %d entries", async (args, count) => {
  await using world = await createWorld();
  await fill(world);
  const { code, stdout } = await world.run(["list", "--json", ...args]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toHaveLength(count);
});

test("check --json has the documented fields; problems give exit code 3, and nothing is touched", async () => {
  await using world = await createWorld();
  await fill(world);
  const before = await world.snapshot();
  const { code, stdout } = await world.run(["check", "--json"]);
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toEqual({
    config: world.config,
    prefix: world.prefix,
    datasets: 2,
    lines: 5,
    problems: [
      {
        path: world.path("manifests/processed.jsonl", OTHER),
        problem: expect.stringMatching(/^line 2, byte \d+: not JSON/),
      },
    ],
  });
  expect(await world.snapshot()).toEqual(before);
});

test("check of a sound lake says so and exits 0, also before the first run", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  const before = await world.snapshot();
  const { code, stdout } = await world.run(["check"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/1 datasets, 1 manifest lines\nno problems/);
  expect(await world.snapshot()).toEqual(before);
});

test("status and list before the first run say that there is no cache yet", async () => {
  await using world = await createWorld();
  for (const command of ["status", "list"]) {
    const { code, stderr } = await world.run([command]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/CACHE_UNUSABLE: no cache at .*: has the sampler run/);
  }
  expect((await world.snapshot()).has(".staging-sampler")).toBe(false);
});

test("looking changes nothing", async () => {
  await using world = await createWorld();
  await fill(world);
  const before = await world.snapshot();
  await world.run(["status"]);
  await world.run(["list", "--csv"]);
  await world.run(["check"]);
  expect(await world.snapshot()).toEqual(before);
});
