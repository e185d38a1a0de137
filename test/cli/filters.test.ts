import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runHere } from "../helpers/program.ts";
import { createWorld, DATASET, rows, type World } from "../helpers/world.ts";

const OTHER = "zeta/other/v2";

/** Two datasets; one file is missing. */
async function fill(world: World): Promise<void> {
  await world.put("2026/orders.csv", rows(3));
  await world.put("2026/customers.csv", rows(3));
  await world.announce("2026/gone.csv");
  await world.put("a.csv", rows(3), { dataset: OTHER });
  await world.configure({ retention: { maxFiles: 100 } });
  await world.pass();
  world.close();
}

async function here(world: World, args: readonly string[]) {
  const { code, stdout, stderr } = await runHere([...args, "--config", world.config]);
  return { code, stdout: stdout.toString(), stderr };
}

test("a --dataset that there is none of is refused with the nearest names, by every command", async () => {
  await using world = await createWorld();
  await fill(world);
  for (const command of ["list", "failures", "retry", "audit", "prune"]) {
    const { code, stdout, stderr } = await here(world, [command, "--dataset", "acme/order/v1"]);
    expect({ command, code, stdout }).toEqual({ command, code: 2, stdout: "" });
    expect(stderr, command).toMatch(
      /acme\/order\/v1: there is no such dataset; did you mean acme\/orders\/v1\?\n$/,
    );
    expect((await here(world, [command, "--dataset", "acme/**"])).stderr).not.toMatch("USAGE");
  }
  for (const command of ["show", "explain"]) {
    const { code, stderr } = await here(world, [
      command,
      "raw/2026/orders.csv",
      "--dataset",
      "acme/order/v1",
    ]);
    expect({ command, code }).toEqual({ command, code: 2 });
    expect(stderr).toMatch(/no such dataset; did you mean acme\/orders\/v1\?/);
  }
  const none = await here(world, ["list", "--dataset", "typo"]);
  expect(none.stderr).toMatch(/no such dataset; there are: acme\/orders\/v1, zeta\/other\/v2\n$/);
});

test.each([
  ["a letter too many", "raw/2026/orderss.csv", "raw/2026/orders.csv"],
  ["another directory", "raw/2025/orders.csv", "raw/2026/orders.csv"],
  ["the file name alone", "customers.csv", "raw/2026/customers.csv"],
  ["a misspelt directory", "rwa/2026/customer.csv", "raw/2026/customers.csv"],
])(
  "a raw that no entry has is refused, and the nearest is named: %s",
  async (_what, typed, meant) => {
    await using world = await createWorld();
    await fill(world);
    for (const command of ["list", "failures", "retry", "explain"]) {
      const { code, stdout, stderr } = await here(world, [command, typed]);
      expect({ command, code, stdout }).toEqual({ command, code: 2, stdout: "" });
      expect(stderr, command).toContain(`did you mean ${DATASET} ${meant}`);
    }
  },
);

test("a pattern that no raw matches is told, and is no error; one that matches is not told", async () => {
  await using world = await createWorld();
  await fill(world);
  for (const command of ["list", "failures", "retry"]) {
    const none = await here(world, [command, "raw/2027/**"]);
    expect({ command, code: none.code }).toEqual({ command, code: 0 });
    expect(none.stderr).toMatch(
      /staging-sampler: no entry has a raw that matches raw\/2027\/\*\*\n$/,
    );
    const one = await here(world, [command, "raw/2026/o*", "--code", "TIMEOUT"]);
    expect(one.stderr).not.toMatch("staging-sampler: ");
  }
  const format = await here(world, ["list", "--format", "cvs"]);
  expect(format).toEqual({
    code: 0,
    stdout: "",
    stderr: "staging-sampler: nothing has the format cvs; there are: csv\n",
  });
  expect((await here(world, ["list", "--outcome", "pruned"])).stderr).toBe("");
});

test("a prefix that is a level too deep, or not deep enough, is a problem to check, and run says so", async () => {
  await using world = await createWorld();
  await fill(world);
  const meant = `did you mean --prefix ${world.prefix}?`;
  for (const prefix of ["acme", "acme/orders", DATASET].map((path) => join(world.prefix, path))) {
    const checked = await here(world, ["check", "--prefix", prefix]);
    expect(checked.code).toBe(3);
    expect(checked.stdout).toContain(`${prefix}: no dataset is below it`);
    expect(checked.stdout).toContain(meant);
  }
  expect((await here(world, ["check", "--prefix", world.root])).stdout).toContain(meant);
  const once = await world.run(["run", "--once", "--prefix", world.root]);
  expect(once.stderr).toContain(`${world.root}: no dataset is below it`);
  expect(once.stderr).toContain(meant);
  const empty = join(world.root, "empty");
  await mkdir(empty);
  expect((await here(world, ["check", "--prefix", empty])).stdout).not.toContain("did you mean");
});

test("what changes something names the lake and the cache first; what looks does not", async () => {
  await using world = await createWorld();
  await fill(world);
  const named = new RegExp(`^lake ${world.prefix}, cache ${world.state}\n`);
  for (const args of [["retry"], ["prune"], ["prune", "--dry-run"], ["audit", "--repair"]])
    expect((await here(world, args)).stderr, args.join(" ")).toMatch(named);
  for (const args of [["list"], ["failures"], ["audit"], ["explain", "raw/a.csv"]])
    expect((await here(world, args)).stderr, args.join(" ")).toBe("");
});

test("the prefix of a file that --config names wins over FP_PREFIX", async () => {
  await using world = await createWorld();
  await using other = await createWorld();
  await fill(world);
  const env = { FP_PREFIX: other.prefix };
  const { stderr } = await runHere(["retry", "--config", world.config], env);
  expect(stderr).toContain(`lake ${world.prefix},`);
  const byFlag = ["check", "--json", "--config", world.config, "--prefix", other.prefix];
  expect(JSON.parse((await runHere(byFlag, env)).stdout.toString())).toMatchObject({
    prefix: other.prefix,
  });
});
