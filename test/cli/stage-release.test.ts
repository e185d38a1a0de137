import { writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { runHere } from "../helpers/program.ts";
import { createWorld } from "../helpers/world.ts";

test("stage release of a run that is not there says whether there are others, and which are near", async () => {
  await using world = await createWorld();
  const env = { STAGING_SAMPLER_CONFIG: world.config };
  const stage = (...args: string[]) => runHere(["stage", ...args], env);
  const none = await stage("release", "run-00000000");
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining("there are none") });

  const manifest = join(world.root, "manifest.json");
  await writeFile(join(world.root, "a.txt"), "a");
  await writeFile(manifest, JSON.stringify({ a: join(world.root, "a.txt") }));
  const { stdout } = await stage("in", manifest, "--json");
  const { run_id: id } = JSON.parse(stdout.toString()).result;
  const other = JSON.parse((await stage("in", manifest, "--json")).stdout.toString()).result;
  expect(await stage("release", `${relative(".", other.run_dir)}/`)).toMatchObject({ code: 0 });
  expect((await stage("release", "elsewhere")).stderr).toContain("`stage runs` lists");
  expect((await stage("release", `${id}0`)).stderr).toContain(`did you mean ${id}?`);
  expect(await stage("release", id)).toMatchObject({ code: 0 });
});
