import { mkdir, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { datasetsOf } from "../../src/store/sqlite/datasets.ts";
import { createWorld, DATASET, MTIME, rows, type World } from "../helpers/world.ts";

/** Every minute of a leap year's 29 February: in effect, never. */
const NEVER = "0 0 29 2 *";

const levels: Readonly<Record<string, readonly [link: string, target: string, alias: string]>> = {
  version: ["acme/orders/latest", "v1", "acme/orders/latest"],
  dataset: ["acme/current", "orders", "acme/current/v1"],
  vendor: ["main", "acme", "main/orders/v1"],
  "version of another vendor": ["other/orders/v1", `../../${DATASET}`, "other/orders/v1"],
};

async function link(world: World, path: string, target: string): Promise<void> {
  await mkdir(join(world.prefix, path, ".."), { recursive: true });
  await symlink(target, join(world.prefix, path));
}

test.each(Object.entries(levels))(
  "a link to the %s of a dataset is no dataset, takes none of its samples, and check names it",
  async (_level, [path, target, alias]) => {
    await using world = await createWorld({ retention: { maxFiles: 2 } });
    await link(world, path, target);
    for (const [i, name] of ["a.csv", "b.csv"].entries()) {
      await world.put(name, rows(3), { mtime: MTIME + i });
    }
    expect((await world.pass()).summary).toMatchObject({ datasets: 1, lines: 2, sampled: 2 });
    expect((await world.pass()).summary).toMatchObject({ pruned: 0 });
    expect(datasetsOf(world.db()).all()).toEqual([DATASET]);
    const check = await world.run(["check", "--json"]);
    expect(check.code).toBe(0);
    expect(JSON.parse(check.stdout)).toMatchObject({
      datasets: 1,
      notices: [
        { path: join(world.prefix, alias), notice: expect.stringContaining(`name of ${DATASET}`) },
      ],
    });
  },
);

test("of two links to one directory elsewhere the first is a dataset, and the other its alias", async () => {
  await using world = await createWorld();
  const elsewhere = join(world.root, "elsewhere");
  await mkdir(join(elsewhere, "bronze"), { recursive: true });
  await link(world, "acme/linked/v1", elsewhere);
  await link(world, "acme/linked/v2", "v1");
  await world.put("a.csv", rows(3), { dataset: "acme/linked/v1" });
  expect((await world.pass()).summary).toMatchObject({ sampled: 1 });
  expect(world.rows()).toMatchObject([{ dataset: "acme/linked/v1" }]);
});

test("a link to a directory of the lake that is found under no other name is a dataset", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await mkdir(join(world.prefix, ".store"));
  await rename(world.path(""), join(world.prefix, ".store/v1"));
  await link(world, DATASET, join(world.prefix, ".store/v1"));
  expect((await world.pass()).summary).toMatchObject({ datasets: 1, sampled: 1 });
});

test("a link that comes beside the daemon makes no second dataset", async () => {
  await using world = await createWorld({ schedule: NEVER });
  await world.put("a.csv", rows(3));
  const daemon = await world.daemon();
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  await link(world, "acme/orders/latest", "v1");
  for (const raw of ["b.csv", "c.csv", "d.csv"]) {
    await world.put(raw, rows(3), { dataset: "acme/orders/latest" });
    await daemon.logged("sampled", { dataset: DATASET, raw: `raw/${raw}` });
  }
  await daemon.end();
  expect(datasetsOf(world.db()).all()).toEqual([DATASET]);
});
