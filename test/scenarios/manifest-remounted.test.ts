import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { migrations } from "../../src/store/sqlite/schema.ts";
import { createWorld, type World } from "../helpers/world.ts";

/** Mounts a directory over itself, by a file system with a device number of its own. */
async function mountAgain(world: World, directory: string): Promise<Disposable | undefined> {
  const [upper, work] = [join(world.root, "upper"), join(world.root, "work")];
  await mkdir(upper);
  await mkdir(work);
  const options = `lowerdir=${directory},upperdir=${upper},workdir=${work}`;
  const { status } = spawnSync("mount", ["-t", "overlay", "overlay", "-o", options, directory]);
  if (status !== 0) return undefined;
  return { [Symbol.dispose]: () => void spawnSync("umount", [directory]) };
}

test("a manifest with the device number of another mount is gone on with", async (context) => {
  await using world = await createWorld();
  for (const name of ["a.csv", "b.csv"]) await world.put(name, "v\n1\n");
  await world.pass();
  const before = statSync(world.path("manifests/processed.jsonl"));
  using mount = await mountAgain(world, world.path("manifests"));
  if (mount === undefined) return context.skip("nothing can be mounted here");
  const after = statSync(world.path("manifests/processed.jsonl"));
  expect(after.ino).toBe(before.ino);
  expect(after.dev).not.toBe(before.dev);

  const { summary, ingested } = await world.pass();
  expect(summary).toMatchObject({ lines: 0, sampled: 0, errors: 0 });
  expect(ingested?.reread).toBeUndefined();
  const status = await world.run(["status", "--json"]);
  expect(JSON.parse(status.stdout)).toMatchObject({ totals: { unreadBytes: 0 } });
});

test("a cache that knows manifests by device and inode goes on where it was", async () => {
  await using world = await createWorld();
  for (const name of ["a.csv", "b.csv"]) await world.put(name, "v\n1\n");
  await world.pass();
  const db = world.db();
  const known = db.prepare("SELECT file FROM checkpoints").pluck().get() as string;
  // A retired file of the same inode on another device gives way to the current one.
  db.exec(`
    INSERT INTO checkpoints SELECT dataset, '7:' || file, path, 0, 0, '', 1 FROM checkpoints;
    UPDATE checkpoints SET file = '65024:' || file WHERE retired_at IS NULL;
  `);
  db.exec(migrations.find((each) => each.includes("UPDATE OR REPLACE checkpoints")) as string);
  world.close();

  const { summary, ingested } = await world.pass();
  expect(summary).toMatchObject({ lines: 0, sampled: 0 });
  expect(ingested?.reread).toBeUndefined();
  const kept = world.db().prepare("SELECT file, retired_at FROM checkpoints").all();
  expect(kept).toEqual([{ file: known, retired_at: null }]);
});
