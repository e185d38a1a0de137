import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { createWorld, type Ran, rows, run, type World } from "../helpers/world.ts";
import { type Behind, behind, buildLibrary, whyNoFaults } from "./fault.ts";

const program = join(import.meta.dirname, "sync-once.ts");
const why = whyNoFaults();
if (why !== undefined) process.stdout.write(`faults of syncing are not tried: ${why}\n`);

/** Syncs in a process of its own, with a fault. */
async function sync(world: World, { command = [], env = {} }: Partial<Behind> = {}): Promise<Ran> {
  world.close();
  return run([...command, process.execPath, program, world.prefix, world.state], world.config, {
    env,
  });
}

/** The way to make a call on the first sample fail. Samples are opened beneath a held directory. */
function failing(world: World, fault: { call: string; errno: string; inLibrary: boolean }): Behind {
  const path = fault.inLibrary
    ? "a_sample.csv"
    : relative(world.prefix, world.path("samples/a_sample.csv"));
  return behind(
    { ...fault, path },
    { root: world.root, prefix: world.prefix },
    buildLibrary(world.root),
  );
}

/** Three samples that were settled a while ago. */
async function fill(world: World): Promise<void> {
  for (const name of ["a.csv", "b.csv", "c.csv"]) await world.put(name, rows(3));
  await world.pass();
  world.db().exec("UPDATE unsynced SET at = at - 60000");
}

test.skipIf(why !== undefined)(
  "a sample that the kernel cannot bring to disk is made again, and no other",
  async () => {
    await using world = await createWorld();
    await fill(world);
    const { code, stdout } = await sync(
      world,
      failing(world, { call: "fsync", errno: "EIO", inLibrary: false }),
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ synced: 2, redone: 1 });
    const { summary, outcomes } = await world.pass();
    expect(summary.sampled).toBe(1);
    expect(outcomes).toEqual({ "raw/a.csv": "sampled" });
    expect((await world.run(["audit"])).code).toBe(0);
  },
);

test.skipIf(why !== undefined)(
  "where it cannot be told whether a sample is on disk, nothing is forgotten, and it is asked again",
  async () => {
    await using world = await createWorld();
    await fill(world);
    const { code, stderr } = await sync(
      world,
      failing(world, { call: "open", errno: "ESTALE", inLibrary: true }),
    );
    expect(code).not.toBe(0);
    expect(stderr).not.toBe("");
    const left = world.db().prepare("SELECT count(*) FROM unsynced").pluck();
    expect(left.get()).toBe(3);
    const again = await sync(world);
    expect(JSON.parse(again.stdout)).toEqual({ synced: 3, redone: 0 });
  },
);
