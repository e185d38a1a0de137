import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createWorld, DATASET, rows } from "../helpers/world.ts";

test("run --once samples, says so on stdout, and exits 0", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(200));
  const { code, stdout, stderr } = await world.run(["run", "--once"]);
  expect(code).toBe(0);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/1 line of 1 dataset /);
  expect(stdout).toMatch(/sampled 1, described 0, failed 0, unchanged 0, superseded 0, rejected 0/);
});

test("run --once --json prints the summary; failed entries are on stderr, and the exit code is 3", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(200));
  await world.announce("gone.csv");
  await world.manifest("not an entry\n");
  await world.announce("a.csv");
  const { code, stdout, stderr } = await world.run(["run", "--once", "--json"]);
  expect(code).toBe(3);
  expect(JSON.parse(stdout)).toEqual({
    datasets: 1,
    lines: 3,
    unchanged: 0,
    superseded: 1,
    rejected: 1,
    sampled: 1,
    described: 0,
    failed: 1,
    confirmed: 0,
    moved: 0,
    pruned: 0,
    paused: 0,
    errors: 0,
    readBytes: rows(200).length,
    bytes: rows(100).length,
    ms: expect.any(Number),
    at: expect.any(String),
  });
  expect(stderr).toMatch(new RegExp(`failed: ${DATASET} raw/gone.csv: FILE_MISSING`));
  expect(stderr).toMatch(/rejected: .* line 3, byte \d+: not JSON/);
});

test("a prefix that is not there is a configuration error: exit code 78", async () => {
  await using world = await createWorld();
  const { code, stderr } = await world.run(["run", "--once", "--prefix", `${world.root}/nothing`]);
  expect(code).toBe(78);
  expect(stderr).toMatch(/CONFIG_INVALID: .*is not a directory: is it mounted/);
});

test("without a prefix nothing runs, and the message says what to set", async () => {
  await using world = await createWorld();
  await rm(world.config);
  await world.write("none.yaml", "{}");
  const { code, stderr } = await world.run(["run", "--once", "--config", world.path("none.yaml")]);
  expect(code).toBe(78);
  expect(stderr).toMatch(/set FP_PREFIX, --prefix or `prefix`/);
});

test("control characters of names and messages do not reach the terminal", async () => {
  await using world = await createWorld();
  await world.announce("\u001b[31mred\u0007.csv");
  const { stderr } = await world.run(["run", "--once"]);
  expect(stderr).toMatch(/FILE_MISSING/);
  // oxlint-disable-next-line no-control-regex
  expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  const list = await world.run(["list"]);
  // Tabs are between fields.
  // oxlint-disable-next-line no-control-regex
  expect(list.stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
});

test("a state directory that cannot be made is an error with a message, not a stack", async () => {
  await using world = await createWorld();
  await writeFile(join(world.root, "file"), "x");
  await world.configure({ state: join(world.root, "file/state") });
  const { code, stderr } = await world.run(["run", "--once"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^staging-sampler: CACHE_UNUSABLE: /);
  expect(stderr).not.toMatch(/\n\s+at /);
});
