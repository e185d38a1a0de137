import { execFileSync, spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { createWorld, DATASET, rows, type World } from "../helpers/world.ts";

const OTHER = "zeta/other/v1";
const EACH_SECOND = "* * * * * *";

/** Changes how many descriptors a process that runs may have; those that are open stay. */
function limitDescriptors(pid: number, count: number): void {
  execFileSync("prlimit", ["--pid", `${pid}`, `--nofile=${count}:`]);
}

async function rawsSampled(world: World, dataset: string): Promise<unknown[]> {
  return (await world.receipts(dataset)).map(({ raw }) => raw).toSorted();
}

test("a daemon that can open nothing takes that for no answer: it says so, forgets nothing, and goes on", async (context) => {
  if (spawnSync("prlimit", ["--version"]).error !== undefined)
    context.skip("prlimit is not installed");
  await using world = await createWorld({ schedule: EACH_SECOND });
  for (let i = 0; i < 3; i += 1) {
    await world.put(`${i}.csv`, rows(3));
    await world.put(`${i}.csv`, rows(3), { dataset: OTHER });
  }
  const daemon = await world.daemon();
  await daemon.logged("pass", { sampled: 6 });
  limitDescriptors(daemon.pid, 3);
  await world.put("late.csv", rows(3));
  await world.put("late.csv", rows(3), { dataset: OTHER });
  const refused = await daemon.logged("not read", { code: "MANIFEST_UNREADABLE" });
  expect(refused["reason"]).toMatch(/EMFILE/);
  // More than one such pass, each of which sees no datasets, or no manifests.
  for (let i = 0; i < 2; i += 1) await daemon.logged("pass", { datasets: 0, errors: 1 });
  limitDescriptors(daemon.pid, 20_000);
  await daemon.logged("sampled", { dataset: DATASET, raw: "raw/late.csv" });
  await daemon.logged("sampled", { dataset: OTHER, raw: "raw/late.csv" });
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
  expect(daemon.lines.map(({ msg }) => msg)).not.toContain("manifest read again");
  const once = ["raw/0.csv", "raw/1.csv", "raw/2.csv", "raw/late.csv"];
  for (const dataset of [DATASET, OTHER]) expect(await rawsSampled(world, dataset)).toEqual(once);
});
