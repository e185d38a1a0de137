import { readdirSync, readlinkSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Job } from "../../src/job.ts";
import { createLake } from "../../src/lake/lake.ts";
import { createWorkplaces, type Workplace } from "../../src/sampling/job/workplace.ts";
import { createWorld, DATASET, type World } from "../helpers/world.ts";

const OTHER = "acme/returns/v1";
const jobOf = (dataset: string) => ({ dataset }) as Job;

/** Directories of a lake that this process holds. */
function heldIn({ prefix }: World): string[] {
  const found = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ""; // The one it was listed through.
    }
  });
  return found.flatMap((path) =>
    path.startsWith(`${prefix}/`) && !path.includes(".staging-sampler") ? [path] : [],
  );
}

async function lakeOf(world: World) {
  await mkdir(world.path("bronze"), { recursive: true });
  await mkdir(world.path("bronze", OTHER), { recursive: true });
  return createWorkplaces(createLake(world.settings()));
}

const look = async (place: Workplace) => ({ place, samples: place.samples() });

test("jobs of one dataset that follow one another have one workplace, and nothing is held afterwards", async () => {
  await using world = await createWorld();
  const inWorkplace = await lakeOf(world);
  const first = await inWorkplace(jobOf(DATASET), look);
  const second = await inWorkplace(jobOf(DATASET), look);
  expect(second).toEqual(first);
  expect(second.samples).toBe(first.samples);
  expect(heldIn(world)).toEqual([world.path(""), world.path("samples")]);
  await turns();
  expect(heldIn(world)).toEqual([]);
});

test("a job of another dataset gets its own, and the one before stays held for who is still in it", async () => {
  await using world = await createWorld();
  const inWorkplace = await lakeOf(world);
  const gate = Promise.withResolvers<void>();
  const slow = inWorkplace(jobOf(DATASET), async (place) => {
    await gate.promise;
    return place.samples().path;
  });
  const other = await inWorkplace(jobOf(OTHER), look);
  expect(other.place.dataset.name).toBe(OTHER);
  await turns();
  gate.resolve();
  expect(await slow).toBe(world.path("samples"));
  await turns();
  expect(heldIn(world)).toEqual([]);
});

test("after a failure the directories are held and judged again", async () => {
  await using world = await createWorld();
  const inWorkplace = await lakeOf(world);
  const before = await inWorkplace(jobOf(DATASET), look);
  await rename(world.path("samples"), world.path("moved"));
  await inWorkplace(jobOf(DATASET), () => Promise.reject(new Error("not done"))).catch(() => 0);
  const after = await inWorkplace(jobOf(DATASET), look);
  expect(after.samples.identity()).not.toBe(before.samples.identity());
  await turns();
});

/** Lets everything that waits for the next turn of the event loop have it. */
async function turns(): Promise<void> {
  await setImmediate();
  await setImmediate();
}
