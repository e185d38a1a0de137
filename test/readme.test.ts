import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createWorld, run, rows } from "./helpers/world.ts";

const root = join(import.meta.dirname, "..");

/** The first block of this language in the README. */
async function snippet(language: string): Promise<string> {
  const text = await readFile(join(root, "README.md"), "utf8");
  const [, code = ""] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "ms").exec(text) ?? [];
  return code;
}

test("the README's Python snippet runs as it stands, and its file gets a sample", async () => {
  await using world = await createWorld();
  await writeFile(join(world.root, "snippet.py"), await snippet("python"));
  const env = { FP_PREFIX: world.prefix, PYTHONPATH: join(root, "deploy/python") };
  const python = ["env", "-C", world.root, "python3", "-B", "snippet.py"];
  expect(await run(python, undefined, { env })).toEqual({ code: 0, stdout: "", stderr: "" });
  expect((await world.pass()).outcomes).toEqual({ "raw/env0/orders.csv": "sampled" });
});

test("the README's JavaScript snippet runs as it stands, and its file gets a sample", async () => {
  await using world = await createWorld();
  await world.write("bronze/2026/01/18/143000--orders.csv", rows(3));
  await writeFile(join(world.root, "orders.csv"), rows(3));
  await writeFile(join(world.root, "snippet.mjs"), await snippet("js"));
  // As `npm install` would put it there, but for the build.
  const installed = join(world.root, "node_modules/staging-sampler");
  await mkdir(installed, { recursive: true });
  await writeFile(join(installed, "package.json"), '{"exports":"./append.js","type":"module"}');
  await writeFile(
    join(installed, "append.js"),
    `export * from ${JSON.stringify(join(root, "src/manifest/append.ts"))};`,
  );
  const node = ["env", "-C", world.root, process.execPath, "snippet.mjs"];
  const env = { FP_PREFIX: world.prefix, NODE_NO_WARNINGS: "1" };
  expect(await run(node, undefined, { env })).toEqual({ code: 0, stdout: "", stderr: "" });
  expect((await world.pass()).outcomes).toEqual({ "raw/env0/orders.csv": "sampled" });
});
