import { truncate } from "node:fs/promises";
import { expect, test } from "vitest";
import { createWorld, MTIME, rows } from "../helpers/world.ts";

/** A further field, the same in each line: more of it than the checkpoint used to remember. */
const BY = "https://ingest.example.com/pipelines/nightly/production/v3/runner";
const FILES = 5;

test("a manifest written over with lines of the same length and the same ends is told from the one before", async () => {
  await using world = await createWorld();
  const produce = async (day: number) => {
    for (let i = 0; i < FILES; i += 1) {
      const entry = { raw: `raw/${day}/${i}.csv`, bronze: `bronze/${day}/${i}.csv` };
      await world.write(entry.bronze, rows(i));
      const line = JSON.stringify({ ...entry, mtime: MTIME + day, by: BY });
      await world.manifest(`${line}\n`);
    }
  };
  await produce(1);
  expect((await world.pass()).summary).toMatchObject({ sampled: FILES });
  // As logrotate's copytruncate does; where an inode is reused, a new file is no different.
  await truncate(world.path("manifests/processed.jsonl"), 0);
  await produce(2);
  expect((await world.pass()).summary).toMatchObject({ lines: FILES, sampled: FILES });
});
