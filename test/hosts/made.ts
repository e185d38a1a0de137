import { cp, rm } from "node:fs/promises";
import { expect } from "vitest";
import { createWorld, type World } from "../helpers/world.ts";

/** The samples of some datasets, by dataset and name. */
export async function samplesOf(
  world: World,
  datasets: readonly string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const dataset of datasets)
    for (const name of await world.samples(dataset))
      found.set(`${dataset}/${name}`, (await world.sample(name, dataset)).toString());
  return found;
}

/** The versions that receipts say were sampled, each as often as it was. */
export async function receiptsOf(world: World, datasets: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for (const dataset of datasets)
    for (const { outcome, raw, mtime } of await world.receipts(dataset))
      if (outcome === "sampled") all.push(JSON.stringify([dataset, raw, mtime]));
  return all;
}

/** The samples that one host with a cache makes of a copy of the lake. */
export async function reference(
  world: World,
  datasets: readonly string[],
): Promise<Map<string, string>> {
  await using copy = await createWorld();
  await rm(copy.prefix, { recursive: true });
  await cp(world.prefix, copy.prefix, { recursive: true, preserveTimestamps: true });
  for (const dataset of datasets)
    await rm(copy.path("samples", dataset), { recursive: true, force: true });
  const ran = await copy.run(["run", "--once"]);
  expect(ran).toMatchObject({ code: 0 });
  return await samplesOf(copy, datasets);
}
