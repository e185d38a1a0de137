import { expect, test } from "vitest";
import { createIngest } from "../../src/sampling/ingest/ingest.ts";
import { createRunJob } from "../../src/sampling/job/run-job.ts";
import { createWorld, DATASET, MTIME } from "../helpers/world.ts";

test("a file whose mtime changed, up or down, is sampled again", async () => {
  await using world = await createWorld();
  await world.put("a.csv", "v\n1\n");
  await world.pass();
  await world.put("a.csv", "v\n2\n", { mtime: MTIME + 0.001 });
  expect((await world.pass()).summary.sampled).toBe(1);
  expect((await world.sample("a_sample.csv")).toString()).toBe("v\n2\n");
  await world.put("a.csv", "v\n3\n", { mtime: MTIME - 1000 });
  expect((await world.pass()).summary.sampled).toBe(1);
  expect((await world.sample("a_sample.csv")).toString()).toBe("v\n3\n");
  expect(await world.receipts()).toHaveLength(3);
  expect(await world.samples()).toEqual(["a_sample.csv"]);
});

test("the same number, written otherwise, is no change", async () => {
  await using world = await createWorld();
  await world.write("bronze/a.csv", "v\n1\n");
  await world.manifest('{"raw":"raw/a.csv","bronze":"bronze/a.csv","mtime":1737200000.0}\n');
  await world.pass();
  await world.manifest(
    '{"mtime": 17372e5, "bronze": "bronze/a.csv", "raw": "raw\\/a.csv", "by": "me"}\n',
  );
  expect((await world.pass()).summary).toMatchObject({ lines: 1, unchanged: 1, sampled: 0 });
});

test("of several lines for one file that wait at once, the newest wins", async () => {
  await using world = await createWorld();
  await world.write("bronze/1.csv", "v\n1\n");
  await world.write("bronze/2.csv", "v\n2\n");
  await world.write("bronze/3.csv", "v\n3\n");
  for (const [i, mtime] of [MTIME + 9, MTIME + 5, MTIME + 7].entries()) {
    await world.announce("a.csv", { bronze: `bronze/${i + 1}.csv`, mtime });
  }
  const { summary } = await world.pass();
  expect(summary).toMatchObject({ lines: 3, superseded: 2, sampled: 1 });
  expect((await world.sample("a_sample.csv")).toString()).toBe("v\n3\n");
  expect(await world.receipts()).toMatchObject([{ bronze: "bronze/3.csv", mtime: MTIME + 7 }]);
});

test("a line that comes before an earlier one was worked on supersedes it as well", async () => {
  await using world = await createWorld();
  await world.put("a.csv", "v\n1\n");
  const ingest = createIngest({
    store: world.store().ingest,
    settings: world.settings(),
    onRejected: async () => undefined,
  });
  await ingest(DATASET, Date.now());
  await world.put("a.csv", "v\n2\n", { mtime: MTIME + 1 });
  expect((await world.pass()).summary).toMatchObject({ lines: 1, superseded: 1, sampled: 1 });
  expect(await world.receipts()).toMatchObject([{ mtime: MTIME + 1 }]);
});

test("a newer line that comes while an older one is in flight stays due", async () => {
  await using world = await createWorld();
  await world.put("a.csv", "v\n1\n");
  const real = createRunJob(world.settings());
  let isFirst = true;
  const { summary, outcomes } = await world.pass({
    async run(job, signal) {
      const outcome = await real(job, signal);
      if (!isFirst) return outcome;
      isFirst = false;
      // As if another look at the manifest came while this one was being sampled.
      world
        .db()
        .prepare("UPDATE files SET mtime = ?, seq = seq + 1, next_at = ?")
        .run(MTIME + 1, Date.now());
      await world.write("bronze/a.csv", "v\n2\n");
      return outcome;
    },
  });
  expect(summary.sampled).toBe(2);
  expect(outcomes).toEqual({ "raw/a.csv": "sampled" });
  expect((await world.sample("a_sample.csv")).toString()).toBe("v\n2\n");
  expect(world.row("raw/a.csv")).toMatchObject({
    mtime: MTIME + 1,
    outcome: "sampled",
    waiting: false,
  });
});

test("a file that failed is tried again as soon as a line names it, even with the same mtime", async () => {
  await using world = await createWorld();
  await world.put("a.parquet", "this is no parquet");
  expect((await world.pass()).outcomes).toEqual({ "raw/a.parquet": "FORMAT_INVALID" });
  expect((await world.pass()).outcomes).toEqual({});
  await world.announce("a.parquet");
  expect((await world.pass()).outcomes).toEqual({ "raw/a.parquet": "FORMAT_INVALID" });
});

test("a newer version that is broken leaves the older sample, which is listed as stale", async () => {
  await using world = await createWorld();
  await world.put("a.json", `[${"1,".repeat(500)}1]`);
  await world.pass();
  const before = await world.sample("a_sample.json");
  await world.announce("a.json", { bronze: "bronze/gone.json", mtime: MTIME + 1 });
  expect((await world.pass()).outcomes).toEqual({ "raw/a.json": "FILE_MISSING" });
  expect(await world.sample("a_sample.json")).toEqual(before);
  expect(world.row("raw/a.json")).toMatchObject({
    outcome: "failed",
    code: "FILE_MISSING",
    sample: "samples/a_sample.json",
    stale: true,
  });
});

test("2,000 files are sampled in one pass, each as it is", async () => {
  await using world = await createWorld();
  for (let i = 0; i < 2000; i += 1) await world.write(`bronze/${i}.csv`, `id\n${i}\n`);
  const lines = Array.from({ length: 2000 }, (_, i) =>
    JSON.stringify({ raw: `raw/${i}.csv`, bronze: `bronze/${i}.csv`, mtime: MTIME }),
  );
  await world.manifest(`${lines.join("\n")}\n`);
  expect((await world.pass()).summary).toMatchObject({ lines: 2000, sampled: 2000, failed: 0 });
  for (let i = 0; i < 2000; i += 1) {
    expect((await world.sample(`${i}_sample.csv`)).toString()).toBe(`id\n${i}\n`);
  }
  expect(await world.receipts()).toHaveLength(2000);
});
