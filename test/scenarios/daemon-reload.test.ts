import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createWorld, MTIME, rows, type World } from "../helpers/world.ts";

const NEVER = "0 0 29 2 *";

async function change(world: World, more: object): Promise<void> {
  const config = JSON.parse(await readFile(world.config, "utf8")) as object;
  await writeFile(world.config, JSON.stringify({ ...config, ...more }));
}

test("SIGHUP: the configuration is read again, and holds from then on", async () => {
  await using world = await createWorld({ schedule: NEVER });
  await world.put("a.csv", rows(50));
  const daemon = await world.daemon();
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  await change(world, { sample: { rows: 5 } });
  daemon.kill("SIGHUP");
  await daemon.logged("configuration read again");
  await world.put("a.csv", rows(50), { mtime: MTIME + 1 });
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  expect((await world.sample("a_sample.csv")).toString()).toBe(rows(5));
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
});

test.each([
  ["an unknown key", { sampel: { rows: 5 } }, /sampel.*did you mean "sample"/],
  ["another prefix", { prefix: "/tmp" }, /prefix, state and database cannot change/],
])("SIGHUP with %s is refused, and the old configuration stays", async (_what, more, reason) => {
  await using world = await createWorld({ schedule: NEVER, sample: { rows: 7 } });
  const daemon = await world.daemon();
  await change(world, more);
  daemon.kill("SIGHUP");
  const refused = await daemon.logged("configuration refused; the old one stays");
  expect(refused["reason"]).toMatch(reason);
  await world.put("a.csv", rows(50));
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  expect((await world.sample("a_sample.csv")).toString()).toBe(rows(7));
});
