import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { createWorld, MTIME, rows, run, type World } from "../helpers/world.ts";
import { endingWithUs } from "../helpers/child.ts";
import { surroundings } from "../helpers/surroundings.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
const DROPPED = "lines of this log were dropped: they could not be written";

/** Enough bad lines to fill whatever is between us and the daemon. */
const manyBadLines = `${"no entry".repeat(20)}\n`.repeat(5000);

/** Starts the daemon with its log somewhere. */
function start(world: World, stdout: "pipe" | number): ChildProcess {
  const { config } = world;
  world.close();
  const child = spawn(...endingWithUs(process.execPath, [main, "run"]), {
    env: { ...surroundings, STAGING_SAMPLER_CONFIG: config, LOG_LEVEL: "debug" },
    stdio: ["ignore", stdout, "inherit"],
  });
  return child;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Announces a file and waits for its sample: the daemon is at work. */
async function sampled(world: World, name: string, child: ChildProcess): Promise<void> {
  await world.put(`${name}.csv`, rows(3), { mtime: MTIME });
  while (!existsSync(world.path(`samples/${name}_sample.csv`)) && !hasEnded(child)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(hasEnded(child)).toBe(false);
}

async function terminated(child: ChildProcess): Promise<number | null> {
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const [code] = (await exited) as [number | null];
  return code;
}

test("run >/dev/full: samples are made, and SIGTERM ends it in good order", async () => {
  await using world = await createWorld();
  const full = openSync("/dev/full", "w");
  const child = start(world, full);
  closeSync(full);
  await world.manifest(manyBadLines);
  await sampled(world, "a", child);
  expect(await terminated(child)).toBe(0);
});

test("a log that nobody reads stops nothing, and says how many lines it lacks when it is read again", async () => {
  await using world = await createWorld();
  const child = start(world, "pipe");
  await world.manifest(manyBadLines);
  await sampled(world, "a", child);
  const said: Record<string, unknown>[] = [];
  const told = Promise.withResolvers<void>();
  createInterface(child.stdout as NodeJS.ReadableStream).on("line", (line) => {
    said.push(JSON.parse(line) as Record<string, unknown>);
    if (said.at(-1)?.["msg"] === DROPPED) told.resolve();
  });
  await sampled(world, "b", child);
  await told.promise;
  expect(await terminated(child)).toBe(0);
  const rejected = said.filter(({ msg }) => msg === "line rejected").length;
  const dropped = said.find(({ msg }) => msg === DROPPED)?.["lines"] as number;
  expect(dropped).toBeGreaterThan(0);
  expect(rejected + dropped).toBeGreaterThanOrEqual(5000);
});

test("a log whose reader goes away stops nothing", async () => {
  await using world = await createWorld();
  const child = start(world, "pipe");
  await sampled(world, "a", child);
  child.stdout?.destroy();
  await world.manifest(manyBadLines);
  await sampled(world, "b", child);
  expect(await terminated(child)).toBe(0);
});

test("run --once does its pass where progress cannot be written, or is not read", async () => {
  await using world = await createWorld();
  await world.manifest(manyBadLines);
  await world.put("a.csv", rows(3));
  world.close();
  const script = '"$NODE" "$MAIN" run --once --json 2>/dev/full; echo $?';
  const env = { NODE: process.execPath, MAIN: main };
  const ran = await run(["sh", "-c", script], world.config, { env });
  expect(ran.stdout).toMatch(/"sampled": 1,[^]*\n3\n$/);

  await world.put("b.csv", rows(3));
  const gone = '"$NODE" "$MAIN" run --once 2>&1 >/dev/null | true';
  await run(["sh", "-c", gone], world.config, { env });
  expect(world.row("raw/b.csv")).toMatchObject({ outcome: "sampled" });
});
