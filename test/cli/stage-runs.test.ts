import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, test } from "vitest";
import { SECRET, startObjectServer, type ObjectServer } from "../helpers/object-server.ts";
import { run } from "../helpers/world.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
let directory: string;
let config: string;
let server: ObjectServer;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "sampler-stage-"));
  config = join(directory, "config.yaml");
  await writeFile(config, JSON.stringify({ state: join(directory, "state") }));
  await writeFile(join(directory, "params.json"), JSON.stringify({ in: "a.csv", n: 2 }));
  server = await startObjectServer({ "a.csv": "id\n1\n", "b.csv": "id\n2\n" });
  await manifest({ "a.csv": server.url("a.csv"), "b.csv": server.url("b.csv") });
  return async () => {
    await server[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  };
});

const manifest = (names: object) =>
  writeFile(join(directory, "manifest.json"), JSON.stringify(names));
const stage = (...args: readonly string[]) =>
  run([process.execPath, main, "stage", ...args], config, { env: {} });
const at = (name: string) => join(directory, name);
const runs = async () => await readdir(at("state/runs")).catch(() => []);

test("stage in leaves a run, which runs lists and release removes", async () => {
  const { code, stdout } = await stage("in", at("manifest.json"), "--params", at("params.json"));
  expect(code).toBe(0);
  expect(stdout).toMatch(/^run-[0-9a-f]{8} {2}\S+\n {2}a\.csv {2}5 B {2}from transfer/);
  const [id = ""] = stdout.split(" ");
  const listed = await stage("runs");
  expect(listed.stdout.split("\n")[1]).toMatch(new RegExp(`^${id}\tready\t`));
  expect(await stage("release", id)).toMatchObject({ code: 0, stdout: `${id} is released\n` });
  expect(await runs()).toEqual([]);
  const again = await stage("release", id);
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("USAGE") });
});

test("a file that fails is told, with 3; in a strict run nothing stays, with 1", async () => {
  await manifest({ "a.csv": { url: server.url("a.csv"), size: 5 }, c: server.url("c") });
  const partial = await stage("in", at("manifest.json"));
  expect(partial.code).toBe(3);
  expect(partial.stderr).toMatch(/^c: FILE_MISSING: /);
  expect(partial.stderr).not.toContain(SECRET);
  expect(await runs()).toHaveLength(1);
  const strict = await stage("in", "--strict", at("manifest.json"), "--run-dir", at("mine"));
  expect(strict).toMatchObject({ code: 1, stdout: "" });
  expect(await readdir(directory)).not.toContain("mine");
});

test("stage run runs a command on its files, gives its exit code, and cleans up", async () => {
  const script = 'cat "$0"; cat; exit 7';
  const command = ["--", "sh", "-c", script, "{in}"];
  // Options stand before the manifest or behind it.
  const behind = [at("manifest.json"), "--params", at("params.json")];
  const before = ["--params", at("params.json"), at("manifest.json")];
  for (const args of [behind, before]) {
    const { code, stdout } = await stage("run", ...args, ...command);
    expect(code).toBe(7);
    expect(stdout).toMatch(/^id\n1\n\{"in":"\/.*\/a\.csv","n":2\}\n$/);
  }
  expect(await runs()).toEqual([]);
});

test("outputs of a task are sent where it says once its command has ended", async () => {
  const inputs = [{ path: "/in/a.csv", url: server.url("a.csv") }];
  const outputs = [
    { path: "/out/b.csv", url: at("results/b.csv") },
    { path: "/out/c.csv", url: server.url("c.csv") },
    { path: "/out/none.csv", url: at("results/none.csv") },
  ];
  await manifest({ inputs, outputs });
  const params = { from: "in/a.csv", b: "out/b.csv", c: "out/c.csv" };
  await writeFile(at("params.json"), JSON.stringify(params));
  const script = 'cp "$0" "$1"; cp "$0" "$2"';
  const command = ["--", "sh", "-c", script, "{from}", "{b}", "{c}"];
  const args = [at("manifest.json"), "--params", at("params.json"), "--json", ...command];
  const { code, stdout, stderr } = await stage("run", ...args);
  expect(code).toBe(3);
  const { result } = JSON.parse(stdout);
  expect(result.outputs).toMatchObject([
    { name: "out/b.csv", to: `file://${at("results/b.csv")}`, bytes: 5 },
    { name: "out/c.csv", bytes: 5 },
  ]);
  expect(result.failed_outputs).toMatchObject([{ name: "out/none.csv", code: "FILE_MISSING" }]);
  expect(stdout + stderr).not.toContain(SECRET);
  expect(await readFile(at("results/b.csv"), "utf8")).toBe("id\n1\n");
  expect(String(server.objects.get("c.csv"))).toBe("id\n1\n");
  expect(await runs()).toEqual([]);
});

test("nothing is sent of a command that failed, and nothing into a dataset", async () => {
  await mkdir(at("lake/manifests"), { recursive: true });
  await mkdir(at("lake/bronze"));
  await writeFile(at("lake/manifests/processed.jsonl"), "");
  const outputs = [{ path: "/x", url: at("lake/bronze/x") }];
  await manifest({ inputs: [{ path: "/a", content: "a" }], outputs });
  await writeFile(at("params.json"), JSON.stringify({ x: "x" }));
  const send = async (script: string) =>
    await stage(
      "run",
      at("manifest.json"),
      "--params",
      at("params.json"),
      "--",
      "sh",
      "-c",
      script,
      "{x}",
    );
  expect((await send('echo > "$0"; exit 9')).code).toBe(9);
  const refused = await send('echo > "$0"');
  expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining("CONFIG_INVALID") });
  expect(await readdir(at("lake/bronze"))).toEqual([]);
});

test("without all files a strict run does not begin its command", async () => {
  await manifest({ c: server.url("c") });
  const ended = await stage("run", "--strict", at("manifest.json"), "--", "touch", at("begun"));
  expect(ended.code).toBe(1);
  expect(await readdir(directory)).not.toContain("begun");
});

test("--keep leaves the run, --json has what the command printed", async () => {
  const args = [
    at("manifest.json"),
    "--keep",
    "--json",
    "--",
    "sh",
    "-c",
    "echo out; echo err >&2",
  ];
  const { stdout, stderr } = await stage("run", ...args);
  const { success, result } = JSON.parse(stdout);
  expect({ success, ...result }).toMatchObject({ success: true, stdout: "out\n", stderr: "err\n" });
  expect(stderr).toBe(`kept: ${result.run_dir}\n`);
  expect(await readdir(result.run_dir)).toContain("a.csv");
});

test("--progress json has a line on stderr for the steps of each file", async () => {
  const { stderr } = await stage("in", at("manifest.json"), "--progress", "json");
  const lines = stderr.trim().split("\n");
  const steps = lines.map((line) => JSON.parse(line) as { name: string; phase: string });
  expect(new Set(steps.map(({ name }) => name))).toEqual(new Set(["a.csv", "b.csv"]));
  expect(steps.at(-1)).toMatchObject({ phase: "verifying", bytes: 5, size: 5 });
});

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

test.each(signals)("%s ends the command, and what it began", async (signal) => {
  const script = 'echo $$ > "$0"; exec sleep 1000';
  const pidFile = at(`pid-${signal}`);
  const stopping = run(
    [
      process.execPath,
      main,
      "stage",
      "run",
      at("manifest.json"),
      "--",
      "sh",
      "-c",
      script,
      pidFile,
    ],
    config,
    {
      async onStart(child) {
        while ((await readFile(pidFile, "utf8").catch(() => "")) === "") await sleep(10);
        child.kill(signal);
      },
    },
  );
  expect((await stopping).code).toBe(1);
  const pid = Number(await readFile(pidFile, "utf8"));
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  expect(await runs()).toEqual([]);
});

test("a run goes where nobody reads its result, too", async () => {
  const script = '"$@" | true; exit ${PIPESTATUS[0]}';
  const args = [
    process.execPath,
    main,
    "stage",
    "run",
    at("manifest.json"),
    "--json",
    "--",
    "true",
  ];
  expect((await run(["bash", "-c", script, "bash", ...args], config)).code).toBe(0);
  expect(await readdir(at("state/runs"))).toEqual([]);
});

test("nothing is written into a dataset, wherever links lead", async () => {
  const dataset = at("orders");
  for (const name of ["raw", "manifests"]) await mkdir(join(dataset, name), { recursive: true });
  await writeFile(join(dataset, "manifests/processed.jsonl"), "");
  await symlink(join(dataset, "raw"), at("link"));
  for (const place of [join(dataset, "raw"), at("link")]) {
    expect((await stage("in", at("manifest.json"), "--run-dir", place)).code).toBe(78);
    const got = await stage("get", server.url("a.csv"), "-o", join(place, "a.csv"), "--force");
    expect(got.code).toBe(78);
  }
  expect(await readdir(join(dataset, "raw"))).toEqual([]);
  expect(await runs()).toEqual([]);
});

test("the store is listed, verified and pruned", async () => {
  await stage("in", at("manifest.json"));
  const listed = await stage("store");
  expect(listed.stdout.split("\n")).toHaveLength(4);
  expect(listed.stdout).not.toContain(SECRET);
  expect((await stage("store", "verify")).stdout).toBe("2 whole, 0 damaged, 0 missing\n");
  const names = await readdir(at("state/store/sha256"), { recursive: true });
  const name = names.find((each) => each.length > 3) ?? "";
  await rm(join(at("state/store/sha256"), name));
  const verified = await stage("store", "verify");
  expect(verified).toMatchObject({ code: 1, stdout: expect.stringContaining("1 missing") });
  expect((await stage("store", "prune")).stdout).toBe("0 files removed, 0 B\n");
});

test("the URL that a process was given is not seen by others once it works", async () => {
  server.holdBackAfter(0);
  const child = spawn(process.execPath, [main, "stage", "get", server.url("a.csv"), "-o", at("a")]);
  const ended = once(child, "close");
  await server.heldBack();
  const seen = await readFile(`/proc/${child.pid}/cmdline`, "latin1");
  server.holdBackAfter(undefined);
  expect(seen).toContain("staging-sampler stage get http://127.0.0.1");
  expect(seen).not.toContain(SECRET);
  expect((await ended)[0]).toBe(0);
});
