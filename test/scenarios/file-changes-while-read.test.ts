import { appendFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createRunJob } from "../../src/sampling/job/run-job.ts";
import type { Limits } from "../../src/lib/limits.ts";
import { createWorld, MTIME, rows } from "../helpers/world.ts";

/** Limits that a sampler cannot look at without the file being written to. */
function writingLimits(limits: Limits, path: string): Limits {
  return Object.defineProperty({ ...limits }, "rows", {
    enumerable: true,
    get() {
      appendFileSync(path, "1,more\n");
      return limits.rows;
    },
  });
}

test("of a file that is being written there is no sample until it rests", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(10));
  await world.put("beside.csv", rows(10));
  const settings = world.settings();
  const touching = createRunJob({
    ...settings,
    forDataset(name) {
      const { limits, ...others } = settings.forDataset(name);
      return { ...others, limits: writingLimits(limits, world.path("bronze/a.csv")) };
    },
  });
  const untouched = createRunJob(settings);
  const { outcomes } = await world.pass({
    run: (job, signal) => (job.raw === "raw/a.csv" ? touching : untouched)(job, signal),
  });
  expect(outcomes).toEqual({ "raw/a.csv": "FILE_CHANGED", "raw/beside.csv": "sampled" });
  expect(await world.samples()).toEqual(["beside_sample.csv"]);
  expect(world.row("raw/a.csv")).toMatchObject({
    code: "FILE_CHANGED",
    waiting: true,
    attempts: 1,
  });

  await world.announce("a.csv", { mtime: MTIME + 1 });
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
});
