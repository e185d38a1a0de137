import { mkdir, rename } from "node:fs/promises";
import { expect, test } from "vitest";
import { createLake } from "../../src/lake/lake.ts";
import { listAll } from "../../src/raw/list-all.ts";
import { createWorld, DATASET } from "../helpers/world.ts";

test("what vanishes while it is listed is gone only where the directory of the settings is there", async () => {
  await using world = await createWorld({ raw: { mode: "only" } });
  await mkdir(world.path("raw"));
  const settings = world.settings();
  const { raw } = settings.forDataset(DATASET);
  using dataset = createLake(settings).hold(DATASET);
  const listed = (path: string) => {
    const listing = { path, before: undefined, known: "a.csv" };
    const [all] = listAll(dataset, [listing], { raw, now: Date.now() });
    return { gone: all?.gone, problems: all?.problems.map((problem) => problem.path) };
  };
  expect(listed("raw/sub")).toEqual({ gone: ["raw/sub"], problems: [] });
  await rename(world.path("raw"), world.path("elsewhere"));
  expect(listed("raw/sub")).toEqual({ gone: [], problems: ["raw/sub"] });
  expect(listed("raw")).toEqual({ gone: [], problems: ["raw"] });
});
