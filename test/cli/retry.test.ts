import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { retryFailures } from "../../src/store/sqlite/queries/failures.ts";
import { createWorld, rows, type World } from "../helpers/world.ts";

const OTHER = "zeta/other/v2";
/** Passes by schedule alone, each second: what was retried is taken without any new line. */
const EACH_SECOND = { schedule: "* * * * * *", watch: false };

/** Three failures, of two codes, in two datasets. */
async function fill(world: World): Promise<void> {
  await world.put("a.csv", rows(3));
  await world.put("2026/broken.zip", "no zip");
  await world.announce("gone.csv");
  await world.write("bronze/other.csv", rows(3), OTHER);
  await world.announce("gone.csv", { dataset: OTHER });
  await world.pass();
}

const everything = { hasDataset: () => true, hasRaw: () => true };

test("retry makes all that failed due; the next run takes it", async () => {
  await using world = await createWorld();
  await fill(world);
  const { code, stdout } = await world.run(["retry"]);
  expect(code).toBe(0);
  expect(stdout).toBe(
    "acme/orders/v1: 2 made due\nzeta/other/v2: 1 made due\nnothing runs: the next `run` takes them\n",
  );
  expect(world.row("raw/2026/broken.zip")).toMatchObject({ waiting: true, attempts: 0 });
  await world.write("bronze/gone.csv", rows(2));
  // Both datasets have a raw/gone.csv; one of them is there now.
  expect((await world.pass()).outcomes["raw/2026/broken.zip"]).toBe("FORMAT_INVALID");
  expect(world.row("raw/gone.csv")).toMatchObject({ outcome: "sampled", code: null });
  expect(world.row("raw/2026/broken.zip")).toMatchObject({ waiting: false, attempts: 1 });
});

test.each([
  [["--code", "FORMAT_INVALID"], { "acme/orders/v1": 1 }],
  [["--code", "FILE_MISSING"], { "acme/orders/v1": 1, [OTHER]: 1 }],
  [["--dataset", "zeta/**"], { [OTHER]: 1 }],
  [["**/2026/*"], { "acme/orders/v1": 1 }],
  [["**/2026/*", "--code", "FILE_MISSING"], {}],
  [["raw/a.csv"], {}],
])("retry %j makes due %j", async (args, expected) => {
  await using world = await createWorld();
  await fill(world);
  const { code, stdout } = await world.run(["retry", "--json", ...args]);
  expect(code).toBe(0);
  const report = JSON.parse(stdout) as { datasets: { dataset: string; entries: number }[] };
  const counts = report.datasets.map(({ dataset, entries }) => [dataset, entries]);
  expect(Object.fromEntries(counts)).toEqual(expected);
  const total = Object.values(expected).reduce((sum, entries) => sum + entries, 0);
  expect(report).toMatchObject({ entries: total, running: null });
  expect(world.rows().filter(({ attempts, code }) => code !== null && attempts === 0)).toHaveLength(
    total,
  );
});

test("a running daemon takes what was retried with its next pass", async () => {
  await using world = await createWorld(EACH_SECOND);
  await world.put("a.csv/not-a-file", "");
  await world.announce("a.csv");
  const daemon = await world.daemon();
  await daemon.logged("failed", { raw: "raw/a.csv", code: "PATH_REFUSED" });
  await rm(world.path("bronze/a.csv"), { recursive: true });
  await world.write("bronze/a.csv", rows(3));
  const { code, stdout } = await world.run(["retry", "--code", "PATH_REFUSED"]);
  expect(code).toBe(0);
  expect(stdout).toBe(
    `acme/orders/v1: 1 made due\nthe daemon (pid ${daemon.pid}) takes them with its next pass\n`,
  );
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
});

test("nothing that matches is no error", async () => {
  await using world = await createWorld();
  await world.pass();
  const { code, stdout } = await world.run(["retry"]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "no failed entry matches\n" });
});

test("what is in work fails by an older try: it is tried again at once", async () => {
  await using world = await createWorld();
  await fill(world);
  retryFailures(world.db(), { ...everything, code: "FORMAT_INVALID" }, Date.now());
  let tries = 0;
  const { outcomes } = await world.pass({
    run(job) {
      tries += 1;
      const nothing = { readBytes: 0, ms: 0 };
      if (tries === 1) {
        // Mended and retried while the try that cannot know of it is under way.
        expect(retryFailures(world.db(), everything, Date.now())).toEqual(
          new Map([
            ["acme/orders/v1", 2],
            [OTHER, 1],
          ]),
        );
        const failed = { outcome: "failed", code: "FORMAT_INVALID", message: job.raw } as const;
        return Promise.resolve({ ...failed, ...nothing });
      }
      const facts = { format: "csv", complete: true, warnings: [], bytes: 0, sourceSize: 0 };
      const sampled = { outcome: "sampled", recognisedBy: "name", ...facts, ...nothing } as const;
      return Promise.resolve(sampled);
    },
  });
  expect(tries).toBe(4);
  expect(outcomes["raw/2026/broken.zip"]).toBe("sampled");
  expect(world.rows().filter(({ waiting }) => waiting)).toEqual([]);
});

test("more than one transaction takes are all made due", async () => {
  await using world = await createWorld();
  const lines = Array.from({ length: 2500 }, (_, i) =>
    JSON.stringify({ raw: `${i}.csv`, bronze: "bronze/no", mtime: 1 }),
  );
  await world.manifest(`${lines.join("\n")}\n`);
  await world.pass();
  const { stdout } = await world.run(["retry"]);
  expect(stdout).toMatch(/^acme\/orders\/v1: 2500 made due$/m);
  expect((await world.pass()).summary.failed).toBe(2500);
});

test("rejected lines cannot be retried: a usage error says what to do", async () => {
  await using world = await createWorld();
  await world.pass();
  const { code, stdout, stderr } = await world.run(["retry", "--code", "LINE_INVALID"]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/USAGE: .*mend the line and append it again/);
});

test("a cache that is missing, or locked for long, is a coded error", async () => {
  await using world = await createWorld();
  await fill(world);
  // World.run closes the world's cache; this lock is taken once the command is about to start.
  const locked = await world.run(["retry"], {
    onStart: () => void world.db().exec("BEGIN IMMEDIATE"),
  });
  world.db().exec("ROLLBACK");
  expect(locked.code).toBe(1);
  expect(locked.stderr).toMatch(/CACHE_UNUSABLE: .*another process holds it/);
  world.close();
  await rm(world.state, { recursive: true });
  const missing = await world.run(["retry"]);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toMatch(/CACHE_UNUSABLE: no cache at/);
});
