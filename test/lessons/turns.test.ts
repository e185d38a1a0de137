import { expect, test } from "vitest";
import type { RunJob } from "../../src/job.ts";
import { createWorld, MTIME, rows, type World } from "../helpers/world.ts";

const CONCURRENCY = 4;

/** Announces as many files of a dataset. */
async function announceMany(world: World, dataset: string, count: number): Promise<void> {
  await world.write("bronze/a.csv", rows(1), dataset);
  const lines = Array.from({ length: count }, (_, i) =>
    JSON.stringify({ raw: `raw/${i}.csv`, bronze: "bronze/a.csv", mtime: MTIME }),
  );
  await world.manifest(`${lines.join("\n")}\n`, dataset);
}

test("datasets take turns file by file: how slow the files of one are does not matter to another", async () => {
  await using world = await createWorld({ drain: { concurrency: CONCURRENCY } });
  await announceMany(world, "a/large/v1", 1000);
  await announceMany(world, "b/large/v1", 1000);
  await announceMany(world, "c/small/v1", 3);
  const order: string[] = [];
  const run: RunJob = (job) => {
    order.push(job.dataset);
    const facts = { format: "csv", complete: true, warnings: [], recognisedBy: "name" } as const;
    const sizes = { bytes: 0, readBytes: 0, sourceSize: 0, ms: 0 };
    return Promise.resolve({ outcome: "sampled", ...facts, ...sizes });
  };
  expect((await world.pass({ run })).summary).toMatchObject({ sampled: 2003 });
  const small = order.flatMap((dataset, i) => (dataset === "c/small/v1" ? [i] : []));
  expect(small).toHaveLength(3);
  // Each has its turn once in three files. At 30 s for a file, 100 of them are most of an hour.
  expect(small.at(-1)).toBeLessThan(3 * 3 + CONCURRENCY);
});
