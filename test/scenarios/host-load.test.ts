import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createWorld, DATASET, rows, type World } from "../helpers/world.ts";

/** Changes the configuration under a running daemon. */
async function change(world: World, config: object): Promise<void> {
  await writeFile(world.config, JSON.stringify({ prefix: world.prefix, ...config }));
}

test("on a busy host passes wait, `status` says so, and they go on when it is free", async () => {
  // In no machine less than a thousandth of the memory is in use, and in none more than all of it.
  await using world = await createWorld({ load: { maxMemory: 0.1 } });
  await world.put("a.csv", rows(3));
  const daemon = await world.daemon();
  expect(await daemon.logged("passes wait")).toMatchObject({
    reason: expect.stringMatching(/of the memory is in use/),
  });
  const { stdout } = await world.run(["status"]);
  expect(stdout).toMatch(/waits: \d+ % of the memory is in use/);
  expect(await world.samples()).toEqual([]);
  await change(world, { load: { maxMemory: 100, maxCpu: 100 } });
  process.kill(daemon.pid, "SIGHUP");
  await daemon.logged("passes go on");
  await daemon.logged("pass", { sampled: 1 });
  expect(await world.samples()).toEqual(["a_sample.csv"]);
});

test("a daemon that waits for a free host stops at once, and loses nothing", async () => {
  await using world = await createWorld({ load: { maxMemory: 0.1 } });
  await world.put("a.csv", rows(3));
  const daemon = await world.daemon();
  await daemon.logged("passes wait");
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
  await world.configure({});
  expect((await world.pass()).summary.sampled).toBe(1);
});

test("`run --once` waits as well, and ends when it is told to", async () => {
  await using world = await createWorld({ load: { maxMemory: 0.1 } });
  await world.put("a.csv", rows(3));
  const { code, stderr } = await world.run(["run", "--once"], {
    onStart: (child) => child.stderr?.once("data", () => child.kill("SIGTERM")),
  });
  expect(stderr).toMatch(/^the pass waits: \d+ % of the memory is in use\n$/);
  expect(code).toBe(1);
  expect(await world.samples()).toEqual([]);
});

test("a dataset that has used up its time waits, others do not", async () => {
  await using world = await createWorld({ load: { datasetSecondsPerHour: 0.001 } });
  const names = Array.from({ length: 300 }, (_, i) => `${i}.csv`);
  for (const name of names) await world.put(name, rows(100));
  await world.put("other.csv", rows(1), { dataset: "zeta/other/v1" });
  const { summary, outcomes } = await world.pass();
  expect(outcomes[DATASET]).toBe("paused: OVER_BUDGET");
  expect(outcomes["raw/other.csv"]).toBe("sampled");
  expect(summary.sampled).toBeLessThan(301);
  const before = (await world.samples()).length;
  expect(before).toBeGreaterThan(0);
  expect((await world.pass()).summary).toMatchObject({ sampled: 0, failed: 0 });
  await world.configure({});
  await world.pass();
  expect(await world.samples()).toHaveLength(300);
});
