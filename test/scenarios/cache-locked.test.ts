import { readdirSync, readlinkSync } from "node:fs";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { cachePath } from "../../src/store/sqlite/cache-files.ts";
import { holdExclusively } from "../store/holder.ts";
import { createWorld, rows, type World } from "../helpers/world.ts";

/**
 * Time for which the cache is locked under a running daemon, at least, ms; a minute with
 * LOCKED_MS=20000.
 */
const LOCKED_MS = Number(process.env["LOCKED_MS"] ?? 0);
const TIMEOUT_MS = 480_000 + 2 * LOCKED_MS;

/** Every raw has one receipt: nothing was done twice. */
async function expectOnce(world: World, count: number): Promise<void> {
  const raws = (await world.receipts()).map(({ raw }) => raw);
  expect(raws).toHaveLength(count);
  expect(new Set(raws).size).toBe(count);
  expect(world.rows().filter(({ outcome }) => outcome === "sampled")).toHaveLength(count);
}

test.concurrent("a cache that is locked for a moment is waited for", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(5));
  await world.pass();
  world.close();
  await world.put("b.csv", rows(5));
  const holder = await holdExclusively(cachePath(world.state));
  let released: Promise<void> | undefined;
  const ran = await world.run(["run", "--once", "--json"], {
    onStart: ({ pid }) => (released = hasOpen(pid, "cache.db").then(() => holder.release())),
  });
  await released;
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(ran.stdout)).toMatchObject({ sampled: 1 });
  await expectOnce(world, 2);
});

test.concurrent("who looks at a cache that stays locked is told so", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(5));
  await world.pass();
  world.close();
  const holder = await holdExclusively(cachePath(world.state));
  const ran = await Promise.all(["status", "list"].map((name) => world.run([name])));
  await holder.release();
  for (const { code, stderr } of ran) {
    expect(stderr).toMatch(/^staging-sampler: CACHE_UNUSABLE: .*another process holds it/);
    expect(code).toBe(1);
  }
});

test.concurrent(
  "under a daemon a cache that stays locked is an error in its log, and work goes on afterwards",
  async () => {
    await using world = await createWorld({ schedule: "0 0 29 2 *" });
    await world.put("a.csv", rows(5));
    const daemon = await world.daemon();
    await daemon.logged("sampled", { raw: "raw/a.csv" });
    await daemon.logged("pass", { sampled: 1 });
    const holder = await holdExclusively(cachePath(world.state));
    for (let i = 0; i < 20; i += 1) await world.put(`${i}.csv`, rows(i));
    const failed = await daemon.logged("pass failed");
    expect(failed).toMatchObject({ code: "SQLITE_BUSY", level: 50 });
    await sleep(LOCKED_MS);
    await holder.release();
    await daemon.logged("sampled", { raw: "raw/19.csv" });
    daemon.kill("SIGTERM");
    expect(await daemon.exited()).toBe(0);
    await world.pass();
    const raws = new Set((await world.receipts()).map(({ raw }) => raw));
    expect(raws.size).toBe(21);
    expect(world.rows().filter(({ outcome }) => outcome === "sampled")).toHaveLength(21);
    const audited = await world.run(["audit", "--json"]);
    expect(audited.code).toBe(0);
  },
  TIMEOUT_MS,
);

test.concurrent(
  "a cache that gets locked in the middle of a pass ends it with an error, and the next one does the rest",
  async () => {
    await using world = await createWorld({ drain: { concurrency: 1, threads: 1 } });
    for (let i = 0; i < 200; i += 1) await world.put(`${i}.csv`, rows(i % 9));
    let held: ReturnType<typeof holdExclusively> | undefined;
    const ran = await world.run(["run", "--once", "--json"], {
      onStart: () => {
        held = firstSample(world).then(() => holdExclusively(cachePath(world.state)));
      },
    });
    await (await held)?.release();
    expect(ran.stderr).toMatch(/SQLITE_BUSY|CACHE_UNUSABLE|database is locked/);
    expect(ran.code).toBe(1);
    const again = await world.run(["run", "--once", "--json"]);
    expect(again).toMatchObject({ code: 0 });
    expect(world.rows().filter(({ outcome }) => outcome === "sampled")).toHaveLength(200);
    const audited = await world.run(["audit", "--json"]);
    expect(audited.code).toBe(0);
  },
  TIMEOUT_MS,
);

/** Resolves once a process has a file of this name open. */
async function hasOpen(pid: number | undefined, name: string): Promise<void> {
  const links = () =>
    readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return "";
      }
    });
  while (!links().some((link) => link.endsWith(`/${name}`))) await setImmediate();
}

/** Resolves once there is a sample. */
async function firstSample(world: World): Promise<void> {
  while ((await world.samples()).length === 0) await setImmediate();
}
