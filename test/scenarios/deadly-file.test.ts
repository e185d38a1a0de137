import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createWorld, MTIME, type Ran, rows, run, type World } from "../helpers/world.ts";

const program = join(import.meta.dirname, "../../src/main.ts");
const hasStrace = spawnSync("strace", ["-f", "-o", "/dev/null", "true"]).status === 0;
if (!hasStrace) process.stdout.write("deadly files are not tried: strace cannot trace here\n");

/** One pass of a process that the kernel kills as soon as it opens that bronze file. */
async function passKilledAt(world: World, name: string): Promise<Ran> {
  world.close();
  const path = world.path(`bronze/${name}`);
  const inject = ["-e", "trace=pread64", "-e", "inject=pread64:signal=SIGKILL"];
  const strace = ["strace", "-f", "-qq", "-P", path, ...inject, "-o", "/dev/null"];
  return run([...strace, process.execPath, program, "run", "--once"], world.config);
}

test.skipIf(!hasStrace)(
  "a file at which the process ends five times in a row is given up; it costs no other",
  async () => {
    await using world = await createWorld();
    for (const name of ["a", "deadly", "b", "c"]) await world.put(`${name}.csv`, rows(3));
    for (let death = 1; death <= 5; death += 1) {
      expect((await passKilledAt(world, "deadly.csv")).code, `death ${death}`).not.toBe(0);
    }
    const { code, stderr } = await passKilledAt(world, "deadly.csv");
    expect(code).toBe(3);
    expect(stderr).toMatch(/deadly\.csv: UNEXPECTED: the process ended 5 times in a row/);
    expect(await world.samples()).toEqual(["a_sample.csv", "b_sample.csv", "c_sample.csv"]);
    expect(world.row("raw/deadly.csv")).toMatchObject({ code: "UNEXPECTED", waiting: false });

    expect((await world.run(["run", "--once"])).code).toBe(0);
    await world.announce("deadly.csv", { mtime: MTIME + 1 });
    expect((await world.run(["run", "--once"])).code).toBe(0);
    expect(await world.samples()).toHaveLength(4);
  },
);

test.skipIf(!hasStrace)(
  "deaths that are not in a row, or with an orderly stop between them, are no reason to give up",
  async () => {
    await using world = await createWorld();
    await world.put("large.csv", rows(3));
    for (const deaths of [4, 1]) {
      await world.announce("large.csv", { mtime: MTIME + deaths });
      for (let death = 1; death <= deaths; death += 1) {
        expect((await passKilledAt(world, "large.csv")).code).not.toBe(0);
      }
      expect((await world.run(["run", "--once"])).code, `after ${deaths} deaths`).toBe(0);
    }
    expect(world.row("raw/large.csv")).toMatchObject({ outcome: "sampled", mtime: MTIME + 1 });
  },
);
