import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createWorld, rows, type World } from "../helpers/world.ts";

/** A world whose samples are on NTFS, where case does not count and names may hold no colon. */
interface Mounted extends AsyncDisposable {
  readonly world: World;
}

function whyNoNtfs(): string | undefined {
  if (spawnSync("lowntfs-3g", ["--version"]).error !== undefined) return "ntfs-3g is not installed";
  return process.getuid?.() === 0 ? undefined : "only root can mount it";
}

async function mounted(): Promise<Mounted> {
  const world = await createWorld();
  const image = join(world.root, "image");
  const samples = world.path("samples");
  mkdirSync(samples);
  writeFileSync(image, "");
  execFileSync("truncate", ["-s", "16M", image]);
  execFileSync("mkntfs", ["-F", "-q", "-Q", image], { stdio: "ignore" });
  execFileSync("lowntfs-3g", [image, samples, "-o", "ignore_case,windows_names"]);
  return {
    world,
    async [Symbol.asyncDispose]() {
      world.close();
      execFileSync("umount", [samples]);
      await world[Symbol.asyncDispose]();
    },
  };
}

test("of names that differ in case alone the later gets a mark, where both would be one file", async (context) => {
  const why = whyNoNtfs();
  if (why !== undefined) return context.skip(why);
  await using lake = await mounted();
  const { world } = lake;
  await world.put("first.csv", rows(1));
  await world.pass();
  await world.put("Orders.csv", rows(2));
  await world.put("orders.csv", rows(3));
  await world.pass();
  const samples = world.rows().map(({ raw, sample }) => [raw, sample?.replace(/~\w+/, "~mark")]);
  expect(samples).toEqual([
    ["raw/Orders.csv", "samples/Orders_sample.csv"],
    ["raw/first.csv", "samples/first_sample.csv"],
    ["raw/orders.csv", "samples/orders_sample~mark.csv"],
  ]);
  expect((await world.sample("Orders_sample.csv")).toString()).toBe(rows(2));
});

test("a name that the file system refuses fails alone, and its dataset goes on", async (context) => {
  const why = whyNoNtfs();
  if (why !== undefined) return context.skip(why);
  await using lake = await mounted();
  const { world } = lake;
  await world.put("a:b.csv", rows(1));
  await world.put("b.csv", rows(1));
  const { outcomes, summary } = await world.pass();
  expect(outcomes).toEqual({ "raw/a:b.csv": "PATH_REFUSED", "raw/b.csv": "sampled" });
  expect(summary).toMatchObject({ paused: 0 });
});
