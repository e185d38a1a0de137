import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { loadStaging } from "../../src/config/load.ts";
import { openStager } from "../../src/staging/stager.ts";
import { sweepRuns } from "../../src/staging/sweep-runs.ts";
import { ask } from "../helpers/ask.ts";
import { SECRET, startObjectServer } from "../helpers/object-server.ts";
import { surroundings } from "../helpers/surroundings.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
const caller = join(import.meta.dirname, "caller.ts");
const body = randomBytes(2_000_000);
const sha256 = createHash("sha256").update(body).digest("hex");

async function place() {
  const directory = await mkdtemp(join(tmpdir(), "sampler-processes-"));
  const env = { ...surroundings, XDG_STATE_HOME: directory };
  const startBy = (command: string, args: readonly string[]) =>
    spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  return {
    directory,
    env,
    state: join(directory, "staging-sampler"),
    start: (...args: readonly string[]) => startBy(process.execPath, args),
    startBy,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/** The output of a process that ends well. */
async function outputOf(child: ChildProcess): Promise<string> {
  const [out, err] = [text(child.stdout!), text(child.stderr!)];
  const [code] = await once(child, "close");
  expect({ code, err: await err }).toEqual({ code: 0, err: "" });
  return await out;
}

async function exists(path: string): Promise<boolean> {
  return (await readdir(path).catch(() => [])).length > 0;
}

test("25 callers in 5 processes move an object once", async () => {
  await using server = await startObjectServer({ a: body });
  await using where = await place();
  server.holdBackAfter(500_000);
  const children = Array.from({ length: 5 }, () =>
    where.start(caller, ...Array.from({ length: 5 }, () => server.url("a"))),
  );
  const outputs = children.map(outputOf);
  await server.heldBack();
  server.holdBackAfter(undefined);
  for (const output of await Promise.all(outputs)) {
    const staged = JSON.parse(output) as { readonly sha256: string }[];
    expect(staged.map((each) => each.sha256)).toEqual(Array.from({ length: 5 }, () => sha256));
  }
  // Those who waited asked for a byte, and those who came after its end whether it had changed.
  const all = server.requests.filter((request) => request === "200 a");
  expect(all).toHaveLength(1);
  const bytes = server.requests.filter((request) => request === "206 a").length;
  expect(bytes).toBeLessThan(25);
  expect(server.sent()).toBe(body.length + bytes);
});

test("a process that may not have an object does not get it by the transfer of one that may", async () => {
  await using server = await startObjectServer({ a: body });
  await using where = await place();
  const bad = server.url("a");
  server.refuse(bad, 403);
  server.holdBackAfter(500_000);
  const good = outputOf(where.start(caller, server.url("a")));
  await server.heldBack();
  const refused = where.start(caller, bad);
  const err = text(refused.stderr!);
  expect(await once(refused, "close")).toEqual([1, null]);
  expect(await err).toContain("the server answers 403");
  expect(await err).not.toContain(SECRET);
  server.holdBackAfter(undefined);
  expect(JSON.parse(await good)).toMatchObject([{ sha256, from: "transfer" }]);
  // On a busy machine what is held back stalls meanwhile, and is gone on with.
  const all = server.requests.filter((request) => request !== "206 a");
  expect(all).toEqual(["200 a", "403 a"]);
});

test("when the process that transfers is killed, one that waits goes on from there", async () => {
  await using server = await startObjectServer({ a: body });
  await using where = await place();
  server.holdBackAfter(1_500_000);
  const first = where.start(caller, server.url("a"));
  await server.heldBack();
  const partial = join(where.state, "store/partial");
  while (!(await exists(partial))) await sleep(10);
  const second = outputOf(where.start(caller, server.url("a")));
  first.kill("SIGKILL");
  await once(first, "close");
  server.holdBackAfter(undefined);
  expect(JSON.parse(await second)).toMatchObject([{ sha256, from: "transfer" }]);
  expect(server.requests).toHaveLength(2);
  expect(await readdir(partial)).toEqual([]);
});

test("a run whose process is killed leaves nothing after the next start", async () => {
  await using server = await startObjectServer({ a: body });
  await using where = await place();
  const manifest = join(where.directory, "m.json");
  await writeFile(manifest, JSON.stringify({ a: server.url("a") }));
  const child = where.start(
    main,
    "stage",
    "run",
    manifest,
    "--",
    "sh",
    "-c",
    "echo $$; sleep 1000",
  );
  const [line] = await once(child.stdout!, "data");
  const runs = join(where.state, "runs");
  expect(await readdir(runs)).toHaveLength(1);
  child.kill("SIGKILL");
  await once(child, "exit");
  process.kill(-Number(line), "SIGKILL");
  expect(await outputOf(where.start(main, "stage", "runs", "--json"))).toBe("[]\n");
  expect(await readdir(runs)).toEqual([]);
});

/** Runs a command in a container, as far as processes see each other. */
const contained = [
  "--user",
  "--map-root-user",
  "--pid",
  "--fork",
  "--kill-child",
  "--mount-proc",
  "--",
];

test("a run of another container stays while it is worked on, and goes when that gives no sign of life", async (context) => {
  if (spawnSync("unshare", [...contained, "true"]).status !== 0)
    context.skip("no container can be made here");
  await using where = await place();
  const config = join(where.directory, "config.yaml");
  await writeFile(config, "staging: { runTtl: 1s }");
  const manifest = join(where.directory, "m.json");
  await writeFile(manifest, JSON.stringify([{ path: "/a", content: "a" }]));
  const command = ["--config", config, "--", "sh", "-c", "echo begun; sleep 1000"];
  const args = [process.execPath, main, "stage", "run", manifest, ...command];
  const child = where.startBy("unshare", [...contained, ...args]);
  await once(child.stdout!, "data");
  const runs = join(where.state, "runs");
  const stager = await openStager(loadStaging({ config, env: where.env }));
  const sweep = async (now: number) => await sweepRuns(stager.context, now);
  await sweep(Date.now() + 60_000);
  expect(await readdir(runs)).toHaveLength(1);
  child.kill("SIGKILL");
  await once(child, "exit");
  await sweep(Date.now() + 60_000);
  expect(await readdir(runs)).toHaveLength(1);
  await sweep(Date.now() + 3_600_000);
  expect(await readdir(runs)).toEqual([]);
  await stager.close();
});

test("a service that is killed has its unfinished runs swept, and keeps those that are ready", async () => {
  await using server = await startObjectServer({ a: body, b: "b" });
  await using where = await place();
  const config = join(where.directory, "config.yaml");
  await writeFile(config, "staging: { hosts: { allow: ['127.0.0.1'] } }");
  const start = async () => {
    const service = where.start(main, "stage", "serve", "--config", config);
    await once(service.stdout!, "data");
    return service;
  };
  const socket = `unix:${where.state}/staging.sock`;
  const runs = async (id = "") =>
    (await ask(socket, { method: "GET", path: `/api/v2/runs${id}` })).json;
  const post = async (name: string) => {
    const body = { data_manifest: { [name]: server.url(name) } };
    return (await ask(socket, { method: "POST", path: "/api/v2/runs", body })).json;
  };
  const killed = await start();
  const ready = await post("b");
  while ((await runs(`/${ready.run_id}`)).state !== "ready") await sleep(10);
  server.holdBackAfter(500_000);
  await post("a");
  await server.heldBack();
  expect((await runs()).runs).toHaveLength(2);
  killed.kill("SIGKILL");
  await once(killed, "close");
  const service = await start();
  expect((await runs()).runs).toMatchObject([{ run_id: ready.run_id, state: "ready" }]);
  expect(await readdir(join(where.state, "runs"))).toHaveLength(1);
  service.kill("SIGTERM");
  expect(await once(service, "close")).toEqual([0, null]);
});

test("no file of the state directory has a secret, but a transfer's own journal", async () => {
  await using server = await startObjectServer({ a: body });
  await using where = await place();
  server.holdBackAfter(500_000);
  const child = where.start(caller, server.url("a"));
  await server.heldBack();
  const partial = join(where.state, "store/partial");
  while (!(await exists(partial))) await sleep(10);
  child.kill("SIGKILL");
  await once(child, "close");
  const files = await readdir(where.state, { recursive: true, withFileTypes: true });
  for (const file of files.filter((each) => each.isFile())) {
    const content = await readFile(join(file.parentPath, file.name));
    expect([file.name, content.includes(SECRET)]).toEqual([file.name, false]);
  }
});
