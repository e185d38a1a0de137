import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, expect, test } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { surroundings } from "../helpers/surroundings.ts";
import { createWorld, rows } from "../helpers/world.ts";
import { failureCodes } from "../../src/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "staging-sampler-completion-"));
mkdirSync(join(folder, "a directory"));
writeFileSync(join(folder, "a file.yaml"), "");
afterAll(() => rmSync(folder, { recursive: true }));

async function output(...args: string[]): Promise<string> {
  const stream = new PassThrough();
  const out = stream as unknown as NodeJS.WriteStream;
  await runProgram(args, { out, err: out, env: {}, exitNow: () => undefined });
  stream.end();
  return text(stream);
}

function has(shell: string): boolean {
  return spawnSync(shell, ["-c", "true"]).error === undefined;
}

/** The completions that bash offers after these words; the last one is still being typed. */
async function offeredByBash(
  words: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string[]> {
  const program = `${await output("completion", "bash")}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
compopt() { :; }
_staging_sampler
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const ran = spawnSync("bash", ["--norc", "-euc", program, "bash", "staging-sampler", ...words], {
    cwd: folder,
    encoding: "utf8",
    env,
  });
  expect(ran.stderr).toBe("");
  return ran.stdout.split("\n").filter((line) => line !== "");
}

/** The completions that fish offers for a line; each without its description. */
async function offeredByFish(
  line: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string[]> {
  const program = `${await output("completion", "fish")}\ncomplete -C '${line}'`;
  const ran = spawnSync("fish", ["--no-config", "-c", program], {
    cwd: folder,
    encoding: "utf8",
    env,
  });
  expect(ran.stderr).toBe("");
  return ran.stdout
    .split("\n")
    .filter((each) => each !== "")
    .map((each) => each.split("\t")[0] as string);
}

/** Commands and long options that `--help` names. */
async function named(pattern: RegExp, ...args: string[]): Promise<string[]> {
  const found = [...(await output(...args, "--help")).matchAll(pattern)];
  return found.map(([, name]) => name as string).toSorted();
}

test("bash offers every command, and every option of every command", async () => {
  const commands = (await named(/^ {2}([a-z]+) /gm)).filter((name) => name !== "help");
  expect(commands.length).toBeGreaterThan(10);
  const offered = await offeredByBash([""]);
  expect(offered.filter((word) => !word.startsWith("-")).toSorted()).toEqual(commands);
  for (const command of commands) {
    const options = await named(/^ {2}(?:-\w, )?(--[\w-]+)/gm, command);
    expect((await offeredByBash([command, "--"])).toSorted(), command).toEqual(options);
  }
});

test.each([
  ["what begins like it", ["st"], ["status", "stage"]],
  [
    "commands of a group",
    ["stage", ""],
    [
      "cleanup cost delete download estimate get in info list prices release resume run runs script",
      "serve setup-buckets store update upload --help",
    ].flatMap((names) => names.split(" ")),
  ],
  ["options of a group's command", ["stage", "get", "--sh"], ["--sha256"]],
  [
    "values of a group's command",
    ["stage", "get", "--output", "a"],
    ["a directory", "a file.yaml"],
  ],
  ["values", ["list", "--outcome", ""], ["sampled", "described", "failed", "pruned", "waiting"]],
  ["values that begin like it", ["retry", "--code", "FILE_"], failureCodes.slice(0, 3)],
  ["values behind an equals sign", ["list", "--outcome", "=", "fa"], ["failed"]],
  ["values right at the equals sign", ["list", "--json", "--outcome", "="], "sampled"],
  ["files", ["status", "--config", "a"], ["a directory", "a file.yaml"]],
  ["directories", ["status", "--prefix", ""], ["a directory"]],
  ["shells", ["completion", ""], ["bash", "zsh", "fish"]],
  ["nothing for a text", ["list", "--since", ""], []],
])("bash offers %s", async (_what, words, expected) => {
  const offered = await offeredByBash(words);
  if (typeof expected === "string") expect(offered).toContain(expected);
  else expect(offered.toSorted()).toEqual(expected.toSorted());
});

test.skipIf(!has("fish"))("fish offers commands, options, values and files", async () => {
  expect(await offeredByFish("staging-sampler sta")).toEqual(["stage", "status"]);
  expect(await offeredByFish("staging-sampler list --new")).toEqual(["--newest"]);
  expect(await offeredByFish("staging-sampler list --outcome f")).toEqual(["failed"]);
  expect(await offeredByFish("staging-sampler check --config a")).toContain("a file.yaml");
  expect(await offeredByFish("staging-sampler completion z")).toEqual(["zsh"]);
});

test.skipIf(!has("zsh"))(
  "zsh takes the script, sourced and from a directory of fpath",
  async () => {
    const script = join(folder, "_staging_sampler");
    writeFileSync(script, await output("completion", "zsh"));
    const load = `fpath=(${folder} $fpath); autoload -Uz compinit; compinit -D -u`;
    const autoloaded = `${load}; print $_comps[staging-sampler]`;
    const sourced = `autoload -Uz compinit; compinit -D -u; source ${script}; print $_comps[staging-sampler]`;
    for (const program of [autoloaded, sourced]) {
      const ran = spawnSync("zsh", ["-f", "-c", program], { encoding: "utf8" });
      expect(ran.stderr).toBe("");
      expect(ran.stdout).toBe("_staging_sampler\n");
    }
  },
);

/** A lake, and a directory for PATH in which the program can be found. */
async function createLake() {
  const world = await createWorld();
  await world.put("a b.csv", rows(3));
  await world.put("other.csv", rows(3), { dataset: "globex/b/v1" });
  await world.pass();
  world.close();
  const main = join(import.meta.dirname, "../../src/main.ts");
  const program = join(world.root, "staging-sampler");
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, { mode: 0o755 });
  const { prefix } = world;
  const path = `${world.root}:${process.env["PATH"]}`;
  return { world, prefix, env: { ...surroundings, PATH: path } };
}

test("bash offers datasets, raws and formats of the lake that the line names", async () => {
  const { world, prefix, env } = await createLake();
  await using _ = world;
  const offered = (...words: readonly string[]) => offeredByBash(words, env);
  const lake = ["--prefix", prefix];
  expect(await offered("list", ...lake, "--dataset", "glob")).toEqual(["globex/b/v1"]);
  expect(await offered("list", "--prefix", "=", prefix, "--dataset", "")).toHaveLength(2);
  expect(await offered("show", ...lake, "raw/a")).toEqual(["raw/a b.csv"]);
  expect(await offered("list", ...lake, "--format", "c")).toEqual(["csv"]);
  // Without a lake there is nothing to offer, and nothing is said.
  expect(await offered("show", "--prefix", join(prefix, "none"), "raw/a")).toEqual([]);
});

test.skipIf(!has("fish"))("so does fish", async () => {
  const { world, prefix, env } = await createLake();
  await using _ = world;
  const line = `staging-sampler list --prefix ${prefix} --dataset glob`;
  expect(await offeredByFish(line, env)).toEqual(["globex/b/v1"]);
  const raw = `staging-sampler show --prefix ${prefix} raw/o`;
  expect(await offeredByFish(raw, env)).toEqual(["raw/other.csv"]);
});

test.skipIf(!has("zsh"))("zsh asks for the same names", async () => {
  const { world, prefix, env } = await createLake();
  await using _ = world;
  const asked = `compdef() { :; }; compadd() { shift; print -l "\${(P@)1}"; }
${await output("completion", "zsh")}
words=(list --prefix ${prefix} --dataset glob); CURRENT=5; PREFIX=glob
_staging_sampler_names datasets`;
  const ran = spawnSync("zsh", ["-f", "-c", asked], { encoding: "utf8", env });
  expect(ran).toMatchObject({ stderr: "", stdout: "globex/b/v1\n" });
});

test("another shell is a usage error that names those there are", async () => {
  expect(await output("completion", "tcsh")).toMatch(/Allowed choices are bash, zsh, fish/);
});
