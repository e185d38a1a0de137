import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pathBytes } from "../../src/lib/pep383.ts";
import { runHere } from "../helpers/program.ts";
import { createWorld, type Ran, rows, run, type World } from "../helpers/world.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
/** `café` in Latin-1, as a shell writes it and as Python does (PEP 383). */
const [typed, name] = [String.raw`caf\351`, "caf\udce9"];

/** Runs a command that a shell is given: `%b` makes bytes of what is `typed`. */
function shell(world: World, script: string): Promise<Ran> {
  const file = `$(printf '%b' '${typed}')`;
  const text = `sampler() { '${process.execPath}' '${main}' "$@"; }; name="${file}"; ${script}`;
  return run(["sh", "-c", text], world.config, { env: { HERE: world.root } });
}

test("a raw whose name is not UTF-8 is found by what a shell gives", async () => {
  await using world = await createWorld();
  await world.put(`${name}.csv`, rows(3));
  await world.put("other.csv", rows(3));
  await world.pass();
  world.close();
  for (const command of ["explain", "show"]) {
    const { code, stdout, stderr } = await shell(
      world,
      `sampler ${command} "raw/$name.csv" --json`,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject([{ entry: { raw: `raw/${name}.csv` } }]);
  }
  const listed = await shell(world, `sampler list "raw/$name*" --json`);
  expect(JSON.parse(listed.stdout)).toMatchObject([{ raw: `raw/${name}.csv` }]);
});

test("a file whose name is not UTF-8 is announced, sampled and previewed", async () => {
  await using world = await createWorld();
  await world.write(`bronze/${name}.csv`, rows(3));
  const announced = await shell(
    world,
    `sampler append --dataset acme/orders/v1 --raw "raw/$name.csv" --bronze "bronze/$name.csv"`,
  );
  expect(announced).toEqual({ code: 0, stdout: "", stderr: "" });
  const { outcomes } = await world.pass();
  expect(outcomes).toEqual({ [`raw/${name}.csv`]: "sampled" });
  world.close();
  const bronze = `"$HERE/lake/acme/orders/v1/bronze/$name.csv"`;
  const previewed = await shell(world, `sampler preview ${bronze}`);
  expect(previewed).toEqual({ code: 0, stdout: rows(3), stderr: "" });
  const out = `"$HERE/out-$name"`;
  expect((await shell(world, `sampler preview ${bronze} --out ${out}`)).code).toBe(0);
  expect(existsSync(pathBytes(join(world.root, `out-${name}`)))).toBe(true);
  const itself = await shell(world, `sampler preview ${bronze} --out ${bronze} --force`);
  expect(itself.stderr).toContain("is the file itself");
});

test("the wildcards of a glob stand for raws that begin with a dot, too", async () => {
  await using world = await createWorld();
  for (const raw of ["a.csv", ".a.csv", ".hidden/a.csv", ".hidden/.a.csv"]) {
    await world.announce(raw);
  }
  await world.pass();
  world.close();
  const counts: Readonly<Record<string, number>> = {
    "**": 4,
    "raw/**": 4,
    "raw/*": 2,
    "**/*.csv": 4,
    "raw/.*": 1,
    "raw/.hidden/**": 2,
    "raw/{.,}a.csv": 2,
  };
  const meant = async (command: string, glob: string) =>
    JSON.parse(
      (await runHere([command, glob, "--config", world.config, "--json"])).stdout.toString(),
    );
  for (const [glob, count] of Object.entries(counts)) {
    expect(await meant("list", glob), glob).toHaveLength(count);
    expect(await meant("failures", glob), glob).toHaveLength(count);
    expect(await meant("retry", glob), glob).toMatchObject({ entries: count });
  }
});

test("preview of a directory does not say that it is a stream", async () => {
  await using world = await createWorld();
  const { code, stderr } = await world.run(["preview", world.root]);
  expect(code).toBe(1);
  expect(stderr).toBe(`staging-sampler: PATH_REFUSED: ${world.root}: not a regular file\n`);
});
