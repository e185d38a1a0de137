import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { createWorld, MTIME, rows, type World } from "../helpers/world.ts";

/** Makes a sample one that may be neither replaced nor removed; returns why that cannot be. */
function freeze(world: World, name: string): string | undefined {
  const { status, error } = spawnSync("chattr", ["+i", world.path(`samples/${name}`)]);
  return error === undefined && status === 0 ? undefined : "chattr +i cannot be used here";
}

function thaw(world: World): void {
  execFileSync("chattr", ["-R", "-i", world.path("samples")]);
}

test("a sample that may not be replaced fails alone, and its dataset goes on", async (context) => {
  await using world = await createWorld();
  await world.put("a.csv", rows(1));
  await world.pass();
  const why = freeze(world, "a_sample.csv");
  if (why !== undefined) return context.skip(why);
  try {
    await world.put("a.csv", rows(2), { mtime: MTIME + 1 });
    await world.put("b.csv", rows(2));
    const { outcomes, summary } = await world.pass();
    expect(outcomes).toEqual({ "raw/a.csv": "PATH_REFUSED", "raw/b.csv": "sampled" });
    expect(summary).toMatchObject({ paused: 0, failed: 1, sampled: 1 });
    expect(world.row("raw/a.csv")?.message).toMatch(/a_sample\.csv: the file system refuses/);
    expect((await world.sample("a_sample.csv")).toString()).toBe(rows(1));
    expect((await readdir(world.path("samples"))).filter((name) => name.startsWith(".ss"))).toEqual(
      [],
    );
  } finally {
    thaw(world);
  }
});

test("an old sample that may not be removed is told of, and its entry is settled", async (context) => {
  await using world = await createWorld();
  await world.put("a.csv", Buffer.alloc(3000, 1));
  await world.pass();
  const why = freeze(world, "a_sample.meta.json");
  if (why !== undefined) return context.skip(why);
  try {
    await world.put("a.csv", rows(2), { mtime: MTIME + 1 });
    const { outcomes, summary, events } = await world.pass();
    expect(outcomes["raw/a.csv"]).toBe("sampled");
    expect(summary).toMatchObject({ paused: 0, sampled: 1, errors: 1 });
    expect(events).toContainEqual(
      expect.objectContaining({ type: "error", code: "PATH_REFUSED", where: "acme/orders/v1" }),
    );
    expect((await world.sample("a_sample.csv")).toString()).toBe(rows(2));
  } finally {
    thaw(world);
  }
});

test("a directory that has a sample's name costs that sample alone", async () => {
  await using world = await createWorld();
  await world.put("first.csv", rows(1));
  await world.pass();
  await mkdir(world.path("samples/a_sample.csv"));
  await world.put("a.csv", rows(1));
  await world.put("b.csv", rows(1));
  const { outcomes } = await world.pass();
  expect(outcomes).toEqual({ "raw/a.csv": "PATH_REFUSED", "raw/b.csv": "sampled" });
});
