import { writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createWorld, rows } from "../helpers/world.ts";

test.each([
  [
    "a misspelt key",
    "prefix: /data\nwatch: true\nsampel:\n  rows: 5\n",
    /:3: unknown key "sampel"; did you mean "sample"\?/,
  ],
  ["a wrong type", "prefix: /data\nsample:\n  rows: many\n", /:3: sample\.rows: /],
  ["broken YAML", "prefix: [/data\nwatch: true\n", /:\d+: /],
])("%s: exit code 78, with file and line", async (_what, text, message) => {
  await using world = await createWorld();
  await writeFile(world.config, text);
  for (const command of [["run", "--once"], ["status"]]) {
    const { code, stdout, stderr } = await world.run(command);
    expect(code).toBe(78);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^staging-sampler: CONFIG_INVALID: /);
    expect(stderr).toContain(world.config);
    expect(stderr).toMatch(message);
  }
});

test("a configuration that is named but not there is refused", async () => {
  await using world = await createWorld();
  const { code, stderr } = await world.run(["check", "--config", `${world.root}/none.yaml`]);
  expect(code).toBe(78);
  expect(stderr).toMatch(/cannot read .*none\.yaml/);
});

test("LOG_LEVEL wins over the file, and one that is none is refused", async () => {
  await using world = await createWorld({ schedule: "0 0 29 2 *", log: { level: "debug" } });
  await world.put("a.csv", rows(3));
  const bad = await world.run(["run"], { env: { LOG_LEVEL: "loud" } });
  expect(bad.code).toBe(78);
  expect(bad.stderr).toMatch(/LOG_LEVEL is loud: use debug, info, warn or error/);
  const daemon = await world.daemon({ LOG_LEVEL: "INFO" });
  await daemon.logged("pass");
  daemon.kill("SIGTERM");
  await daemon.exited();
  expect(daemon.lines.map(({ msg }) => msg)).not.toContain("sampled");
});

test("--prefix wins over FP_PREFIX, and that over the file", async () => {
  await using world = await createWorld();
  await using other = await createWorld();
  const env = { FP_PREFIX: other.prefix };
  const byEnv = await world.run(["check", "--json"], { env });
  expect(JSON.parse(byEnv.stdout)).toMatchObject({ prefix: other.prefix });
  const byFlag = await world.run(["check", "--json", "--prefix", world.prefix], { env });
  expect(JSON.parse(byFlag.stdout)).toMatchObject({ prefix: world.prefix });
});
