import { expect, test } from "vitest";
import type { Job } from "../../src/job.ts";
import { createDeadlines } from "../../src/lib/deadlines.ts";
import { createRunJob } from "../../src/sampling/job/run-job.ts";
import { createWorld, DATASET, MTIME, rows } from "../helpers/world.ts";

const JOB: Job = {
  dataset: DATASET,
  raw: "raw/a.csv",
  bronze: "bronze/a.csv",
  mtime: MTIME,
  seq: 1,
  name: "a_sample.csv",
  extension: null,
};

test("a sample is published in its turn, and no later", async () => {
  await using world = await createWorld();
  await world.write("bronze/a.csv", rows(3));
  const deadlines = createDeadlines(2);
  const run = createRunJob(world.settings(), { deadlines });
  const job = { ...JOB, turn: 1 };
  expect(await run(job)).toEqual({ outcome: "aborted" });
  expect(await world.samples()).toEqual([]);
  deadlines.set(1, process.hrtime.bigint() + 60_000_000_000n);
  expect(await run(job)).toMatchObject({ outcome: "sampled" });
  await world.write("bronze/a.csv", rows(9));
  deadlines.set(1, process.hrtime.bigint());
  expect(await run(job)).toEqual({ outcome: "aborted" });
  expect(String(await world.sample("a_sample.csv"))).toBe(rows(3));
});
