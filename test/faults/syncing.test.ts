import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createWorld, type Ran, rows, run, type World } from "../helpers/world.ts";

const program = join(import.meta.dirname, "sync-once.ts");
const hasStrace = spawnSync("strace", ["-f", "-o", "/dev/null", "true"]).status === 0;
if (!hasStrace) process.stdout.write("faults of syncing are not tried: strace cannot trace here\n");

/** Syncs in a process of its own, behind a command such as strace. */
async function sync(world: World, behind: readonly string[] = []): Promise<Ran> {
  world.close();
  const command = [...behind, process.execPath, program, world.prefix, world.state];
  return run(command, world.config);
}

/** What has a call on the first sample fail. */
function failing(world: World, call: string, errno: string): readonly string[] {
  const path = world.path("samples/a_sample.csv");
  const inject = ["-e", `trace=${call}`, "-e", `inject=${call}:error=${errno}`];
  return ["strace", "-f", "-qq", "-P", path, ...inject, "-o", "/dev/null"];
}

/** Three samples that were settled a while ago. */
async function fill(world: World): Promise<void> {
  for (const name of ["a.csv", "b.csv", "c.csv"]) await world.put(name, rows(3));
  await world.pass();
  world.db().exec("UPDATE unsynced SET at = at - 60000");
}

test.skipIf(!hasStrace)(
  "a sample that the kernel cannot bring to disk is made again, and no other",
  async () => {
    await using world = await createWorld();
    await fill(world);
    const { code, stdout } = await sync(world, failing(world, "fsync", "EIO"));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ synced: 2, redone: 1 });
    const { summary, outcomes } = await world.pass();
    expect(summary.sampled).toBe(1);
    expect(outcomes).toEqual({ "raw/a.csv": "sampled" });
    expect((await world.run(["audit"])).code).toBe(0);
  },
);

test.skipIf(!hasStrace)(
  "where it cannot be told whether a sample is on disk, nothing is forgotten, and it is asked again",
  async () => {
    await using world = await createWorld();
    await fill(world);
    const { code, stderr } = await sync(world, failing(world, "openat", "ESTALE"));
    expect(code).not.toBe(0);
    expect(stderr).not.toBe("");
    const left = world.db().prepare("SELECT count(*) FROM unsynced").pluck();
    expect(left.get()).toBe(3);
    const again = await sync(world);
    expect(JSON.parse(again.stdout)).toEqual({ synced: 3, redone: 0 });
  },
);
