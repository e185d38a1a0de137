import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { datasetsOf } from "../../src/store/sqlite/datasets.ts";
import { listEntries } from "../../src/store/sqlite/queries/list.ts";
import { createWorld, MTIME, rows, type World } from "../helpers/world.ts";

const OTHER = "zeta/other/v2";

/** The output of `status --json`. */
interface Report {
  readonly failures: unknown;
  readonly totals: unknown;
  readonly datasets: readonly Record<string, unknown>[];
}

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
  const { failures, datasets, totals, ...report } = JSON.parse(stdout) as Report;
  expect(report).toEqual({
    running: null,
    hosts: [],
    passesWait: null,
    passFailure: null,
    verdict: { word: "stopped", why: expect.stringMatching(/6 B of manifests unread; 2 failed$/) },
    lastPass: expect.objectContaining({
      sampled: 2,
      described: 1,
      failed: 2,
      rejected: 1,
      at: expect.any(String),
    }),
  });
  expect(failures).toEqual([
    {
      code: "FILE_MISSING",
      entries: 1,
      acknowledged: 0,
      example: {
        dataset: "acme/orders/v1",
        raw: "raw/gone.csv",
        message: expect.stringMatching(/no such file/),
      },
    },
    {
      code: "FORMAT_INVALID",
      entries: 1,
      acknowledged: 0,
      example: {
        dataset: "acme/orders/v1",
        raw: 'raw/odd "name",\n.zip',
        message: expect.any(String),
      },
    },
  ]);
  const orders = {
    entries: 4,
    sampled: 1,
    described: 1,
    failed: 2,
    acknowledged: 0,
    pruned: 0,
    waiting: 1,
    due: 0,
    rejected: 0,
    acknowledgedLines: 0,
    oldestDueSeconds: null,
    unreadBytes: 6,
    lastMinute: 4,
    readBytes: expect.any(Number),
    validatedPassed: 0,
    validatedWarned: 0,
    validatedFailed: 0,
    validatedError: 0,
    invalid: 0,
    unchecked: 0,
    unconfirmed: 0,
  };
  const other = {
    entries: 1,
    sampled: 1,
    described: 0,
    failed: 0,
    acknowledged: 0,
    pruned: 0,
    waiting: 0,
    due: 0,
    rejected: 1,
    acknowledgedLines: 0,
    oldestDueSeconds: null,
    unreadBytes: 0,
    lastMinute: 1,
    readBytes: rows(3).length,
    validatedPassed: 0,
    validatedWarned: 0,
    validatedFailed: 0,
    validatedError: 0,
    invalid: 0,
    unchecked: 0,
    unconfirmed: 0,
  };
  expect(datasets).toEqual([
    { dataset: "acme/orders/v1", ...orders, off: null, waitsFor: null },
    { dataset: OTHER, ...other, off: null, waitsFor: null },
  ]);
  const sums = Object.entries(other).map(([key, value]) => {
    const first = datasets[0]?.[key];
    return [key, typeof value === "number" ? value + Number(first) : value];
  });
  expect(totals).toEqual(Object.fromEntries(sums));
});

test("status for people says the same", async () => {
  await using world = await createWorld();
  await fill(world);
  const { code, stdout } = await world.run(["status"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^not running\nstopped: nothing is due; 2 failed\n/);
  expect(stdout).toMatch(
    /5 entries: 2 sampled, 1 described, 2 failed, 1 waiting, 0 pruned; 1 line rejected/,
  );
  expect(stdout).toMatch(/last minute: 5 files \(0\.1\/s\); [\d.]+ KiB read so far/);
  expect(stdout).toMatch(/FILE_MISSING\s+1\s+acme\/orders\/v1 {2}raw\/gone\.csv: .*no such file/);
  expect(stdout).toMatch(/acme\/orders\/v1\s+4\s+1\s+1\s+2\s+1/);
});

test("status shows the datasets first that are behind or failed, and counts the others", async () => {
  await using world = await createWorld();
  for (let i = 0; i < 40; i += 1) {
    await world.put("a.csv", rows(3), { dataset: `acme/orders${i}/v1` });
  }
  await world.announce("gone.csv", { dataset: "zeta/last/v1" });
  await world.write("bronze/x", "", "zeta/last/v1");
  await world.pass();
  world.close();
  const { stdout } = await world.run(["status"]);
  const lines = stdout.trimEnd().split("\n");
  const table = lines.slice(lines.findIndex((line) => line.startsWith("dataset\t")) + 1);
  expect(table[0]).toMatch(/^zeta\/last\/v1\t1\t0\t1\t/);
  expect(table).toHaveLength(21);
  expect(table.at(-1)).toBe("… and 21 more, nothing waiting, nothing failed; --all shows them");
  const all = await world.run(["status", "--all"]);
  expect(all.stdout.match(/^acme\//gm)).toHaveLength(40);
  expect(all.stdout).not.toContain("more");
});

test("status says what is due, for how long, and what is unread", async () => {
  await using world = await createWorld();
  await fill(world);
  await world.run(["retry"]);
  await world.put("new.csv", rows(3));
  const { stdout } = await world.run(["status"]);
  expect(stdout).toMatch(
    /^stopped: 2 files due in 1 dataset, the oldest for \d+ s; \d+ B of manifests unread; 2 failed$/m,
  );
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
    described: false,
    waiting: false,
    sample: "samples/a_sample.csv",
    stale: false,
    format: "csv",
    rows: 100,
    bytes: rows(100).length,
    sourceSize: rows(200).length,
    reason: null,
    validation: null,
    code: null,
    message: null,
    attempts: 0,
    nextAt: null,
    at: expect.stringMatching(/^\d{4}-.*Z$/),
    acknowledged: false,
    from: "bronze",
    confirmed: true,
    goneAt: null,
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
  [["--outcome", "sampled"], 2],
  [["--outcome", "described"], 1],
  [["--outcome", "failed"], 2],
  [["--outcome", "waiting"], 1],
  [["--since", "1h"], 5],
  [["--since", "2100-01-01"], 0],
  [["raw/2026/**"], 2],
  [["**/*.csv", "--dataset", "acme/**"], 2],
  [["raw/nothing*"], 0],
  [["--code", "FILE_MISSING"], 1],
  [["--code", "FILE_MISSING", "--outcome", "sampled"], 0],
  [["--format", "csv"], 2],
  [["--format", "{csv,meta*}"], 3],
  [["--limit", "2"], 2],
  [["--limit", "9", "raw/2026/**"], 2],
  [["--newest", "--dataset", "acme/**"], 4],
  [["--since", "2026"], 5],
  [["--since", "2026-01-18T14:30:07.123Z"], 5],
])("list %j lists %d entries", async (args, count) => {
  await using world = await createWorld();
  await fill(world);
  const { code, stdout } = await world.run(["list", "--json", ...args]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toHaveLength(count);
});

test.each([["90"], ["-1"], ["2026-13-45"], ["1h30m"], ["about 5"]])(
  "list --since %s is no time, and not some year",
  async (text) => {
    await using world = await createWorld();
    await fill(world);
    const { code, stdout, stderr } = await world.run(["list", `--since=${text}`]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(`--since ${text}: use ISO 8601`);
  },
);

test("list --csv names its columns also where no entry is listed, and is not JSON too", async () => {
  await using world = await createWorld();
  await fill(world);
  const [none, all] = [
    await world.run(["list", "--csv", "raw/nothing"]),
    await world.run(["list", "--csv"]),
  ];
  expect(none.stdout).toMatch(/^dataset,raw,.*\n$/);
  expect(all.stdout.startsWith(none.stdout)).toBe(true);
  const { code, stdout } = await world.run(["list", "--csv", "--json"]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});

test("list --newest has what was settled last first, --limit so many of them", async () => {
  await using world = await createWorld();
  for (const name of ["b.csv", "a.csv", "c.csv", "d.csv"]) {
    await world.put(name, rows(3), { dataset: name === "c.csv" ? OTHER : "acme/orders/v1" });
    await world.pass();
    // So that no two have the same time.
    for (const now = Date.now(); Date.now() === now;);
  }
  await world.announce("gone.csv");
  await world.pass();
  world.close();
  const raws = async (...args: string[]) => {
    const { stdout } = await world.run(["list", "--json", "--newest", ...args]);
    return (JSON.parse(stdout) as { raw: string }[]).map(({ raw }) => raw);
  };
  const all = ["raw/gone.csv", "raw/d.csv", "raw/c.csv", "raw/a.csv", "raw/b.csv"];
  expect(await raws()).toEqual(all);
  expect(await raws("--limit", "3")).toEqual(all.slice(0, 3));
  expect(await raws("--outcome", "sampled", "--limit", "1")).toEqual(["raw/d.csv"]);
});

test("list goes through pages: none is missing or twice, by name or newest first", async () => {
  await using world = await createWorld();
  const db = world.db();
  const id = datasetsOf(db).ensure("acme/orders/v1");
  const add = db.prepare(
    `INSERT INTO files (dataset, raw, bronze, mtime, seq, name, outcome, settled_at)
     VALUES (?, ?, 'bronze/x', 1, 1, ?, 'sampled', ?)`,
  );
  const count = 25_000;
  db.transaction(() => {
    for (let i = 0; i < count; i += 1) add.run(id, `raw/${i}`, `${i}`, 1_700_000_000_000 + (i % 7));
  })();
  for (const isNewestFirst of [false, true]) {
    const raws = [...listEntries(db, { isNewestFirst })].map(({ raw }) => raw);
    expect(new Set(raws).size).toBe(count);
    expect(raws).toHaveLength(count);
  }
  const hasRaw = (raw: string) => raw.endsWith("99");
  expect([...listEntries(db, { hasRaw, limit: 100 })]).toHaveLength(100);
  expect([...listEntries(db, { hasRaw })]).toHaveLength(250);
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
    acknowledged: 0,
    problems: [
      {
        path: world.path("manifests/processed.jsonl", OTHER),
        problem: expect.stringMatching(/^line 2, byte \d+: not JSON/),
      },
    ],
    notices: [],
  });
  expect(await world.snapshot()).toEqual(before);
});

test("check of a sound lake says so and exits 0, also before the first run", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  const before = await world.snapshot();
  const { code, stdout } = await world.run(["check"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/1 dataset, 1 manifest line\nno problems/);
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
