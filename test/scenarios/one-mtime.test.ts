import { linkSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { createWorld, DATASET, MTIME, rows, type World } from "../helpers/world.ts";

/** 10,000 files in all, half of them in one dataset and the rest in 50 others. */
const IN_ONE = 5000;
const OTHERS = 50;
const IN_EACH = 100;

/** Files `first` to `last` - 1 of a dataset, all of one and the same mtime, in bronze too. */
async function arrive(world: World, dataset: string, first: number, last: number): Promise<void> {
  const original = world.path("bronze/original.csv", dataset);
  mkdirSync(dirname(original), { recursive: true });
  if (first === 0) writeFileSync(original, rows(2));
  utimesSync(original, MTIME, MTIME);
  const lines: string[] = [];
  for (let i = first; i < last; i += 1) {
    linkSync(original, world.path(`bronze/${i}.csv`, dataset));
    lines.push(JSON.stringify({ raw: `raw/${i}.csv`, bronze: `bronze/${i}.csv`, mtime: MTIME }));
  }
  await world.manifest(`${lines.join("\n")}\n`, dataset);
}

test("10,000 files of one mtime, in one dataset and across, in two batches, are sampled once each", async () => {
  await using world = await createWorld();
  const others = Array.from({ length: OTHERS }, (_, i) => `acme/d${i}/v1`);
  const batch = async (from: number, to: number) => {
    await arrive(world, DATASET, from * IN_ONE, to * IN_ONE);
    for (const other of others) await arrive(world, other, from * IN_EACH, to * IN_EACH);
    return (await world.pass()).summary;
  };
  const half = (IN_ONE + OTHERS * IN_EACH) / 2;
  const all = { failed: 0, unchanged: 0, superseded: 0 };
  expect(await batch(0, 0.5)).toMatchObject({ ...all, lines: half, sampled: half });
  // The second half has the mtime of what is known already.
  expect(await batch(0.5, 1)).toMatchObject({ ...all, lines: half, sampled: half });
  const { summary } = await world.pass();
  expect(summary).toMatchObject({ lines: 0, sampled: 0 });

  let receipts = 0;
  for (const dataset of [DATASET, ...others]) {
    const raws = (await world.receipts(dataset)).map(({ raw }) => raw);
    const count = dataset === DATASET ? IN_ONE : IN_EACH;
    expect(new Set(raws).size).toBe(count);
    expect(await world.samples(dataset)).toHaveLength(count);
    receipts += raws.length;
  }
  expect(receipts).toBe(2 * half);
});

test("bronze has a clock of its own, which decides nothing: one line, one sample", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(2));
  const bronze = world.path("bronze/a.csv");
  await world.pass();
  for (const seconds of [-86_400, 0, 86_400]) {
    utimesSync(bronze, MTIME + seconds, MTIME + seconds);
    expect((await world.pass()).summary).toMatchObject({ lines: 0, sampled: 0 });
    await world.announce("a.csv");
    expect((await world.pass()).summary).toMatchObject({ lines: 1, unchanged: 1, sampled: 0 });
  }
  expect(await world.receipts()).toHaveLength(1);
});

test("the same raw and mtime in two datasets are two files", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(2));
  await world.put("a.csv", rows(3), { dataset: "acme/other/v1" });
  expect((await world.pass()).summary).toMatchObject({ sampled: 2, superseded: 0, unchanged: 0 });
  expect(String(await world.sample("a_sample.csv"))).toBe(rows(2));
  expect(String(await world.sample("a_sample.csv", "acme/other/v1"))).toBe(rows(3));
});
