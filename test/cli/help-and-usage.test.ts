import { expect, test } from "vitest";
import { createWorld, run } from "../helpers/world.ts";
import { join } from "node:path";

const main = join(import.meta.dirname, "../../src/main.ts");
const sampler = (...args: string[]) => run([process.execPath, main, ...args]);

test("--help lists every command and the exit codes", async () => {
  const { code, stdout } = await sampler("--help");
  expect(code).toBe(0);
  for (const command of [
    "run",
    "append",
    "status",
    "list",
    "failures",
    "retry",
    "explain",
    "check",
  ]) {
    expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
  }
  expect(stdout).toMatch(/Exit codes: 0 .* 78/s);
});

test.each(["run", "append", "status", "list", "failures", "retry", "explain", "check"])(
  "%s --help names --config and --prefix",
  async (command) => {
    const { code, stdout, stderr } = await sampler(command, "--help");
    expect(code).toBe(0);
    expect(stdout).toMatch(/--config <file>/);
    expect(stdout).toMatch(/--prefix <dir>/);
    expect(stderr).toBe("");
  },
);

test("--version says the version of package.json", async () => {
  const { code, stdout } = await sampler("--version");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test.each([
  ["an unknown command", ["runn"]],
  ["an unknown option", ["status", "--jsn"]],
  ["a missing value", ["append", "--dataset"]],
  ["a missing option", ["append", "--stdin"]],
  ["a bad choice", ["list", "--outcome", "lost"]],
  ["too many arguments", ["status", "now"]],
  ["a missing argument", ["explain"]],
  ["a bad code", ["retry", "--code", "LOST"]],
  ["a limit of nothing", ["list", "--limit", "0"]],
  ["a time between looks that is none", ["status", "--watch", "often"]],
  ["a shell without completion", ["completion", "tcsh"]],
])("%s is a usage error: exit code 2, and nothing on stdout", async (_what, args) => {
  const { code, stdout, stderr } = await sampler(...args);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/error: /);
});

test("a bad --since is a usage error that says what is good", async () => {
  await using world = await createWorld();
  await world.pass();
  const { code, stderr } = await world.run(["list", "--since", "yesterday-ish"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/USAGE: --since yesterday-ish: use ISO 8601/);
});
