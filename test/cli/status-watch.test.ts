/* oxlint-disable no-control-regex -- a terminal is told what to do with them */
import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createWorld, rows, type World } from "../helpers/world.ts";
import { hasTerminal, onTerminal, type OnTerminal } from "./terminal.ts";

const NEVER = "0 0 29 2 *";
const OPENED = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const CLOSED = "\u001b[?7h\u001b[?25h\u001b[?1049l";

if (!hasTerminal) process.stderr.write("skipped: `script`, which gives a terminal, is not here\n");
const onATerminal = test.skipIf(!hasTerminal);

async function sampled(config: object = {}): Promise<World> {
  const world = await createWorld(config);
  await world.put("a.csv", rows(3));
  await world.announce("gone.csv");
  await world.pass();
  world.close();
  return world;
}

function watchOf(world: World, ...args: string[]): Promise<OnTerminal> {
  const env = { STAGING_SAMPLER_CONFIG: world.config, TERM: "xterm" };
  return onTerminal(["status", "--watch", "0.1", ...args], env);
}

/** Lines of the frame that was drawn last. */
function lastFrame(seen: string): string[] {
  const [, frame = ""] = /.*\u001b\[H(.*?)\u001b\[J/s.exec(seen) ?? [];
  return frame.split("\n");
}

onATerminal.each([
  ["Ctrl-C", (shown: OnTerminal) => shown.type("\u0003")],
  ["SIGTERM", ({ pid }: OnTerminal) => process.kill(pid, "SIGTERM")],
  ["SIGHUP", ({ pid }: OnTerminal) => process.kill(pid, "SIGHUP")],
])("--watch stays in place on a terminal, and %s gives it back as it was", async (_name, stop) => {
  await using world = await sampled();
  await using shown = await watchOf(world);
  for (let i = 0; i < 3; i += 1) await shown.until(/\u001b\[H[^\u001b]*Z\u001b\[K[^]*?\u001b\[J/);
  stop(shown);
  expect(await shown.exited()).toBe(0);
  const seen = shown.seen();
  expect(seen.split(OPENED)).toHaveLength(2);
  expect(seen.split(CLOSED)).toHaveLength(2);
  expect(seen.trimEnd().endsWith(CLOSED)).toBe(true);
  expect(lastFrame(seen).join("\n")).toMatch(/2 entries: 1 sampled, 0 described, 1 failed/);
});

onATerminal("what cannot be looked at is said, and --watch goes on", async () => {
  await using world = await sampled();
  await using shown = await watchOf(world);
  await shown.until(/2 entries/);
  const lock = join(world.state, "daemon.lock");
  await writeFile(lock, "no database, but long enough to be taken for one".repeat(100));
  await shown.until(/CACHE_UNUSABLE: cannot use the state directory/);
  await rm(lock);
  await shown.until(/2 entries/);
  shown.type("\u0003");
  expect(await shown.exited()).toBe(0);
});

onATerminal("a frame is as high as the terminal, also after that was resized", async () => {
  await using world = await createWorld();
  for (let i = 0; i < 30; i += 1) {
    await world.put("a.csv", rows(3), { dataset: `acme/orders${i}/v1` });
  }
  await world.pass();
  world.close();
  await using shown = await watchOf(world);
  await shown.until(/and \d+ more, nothing waiting, nothing failed; --all shows them/);
  expect(lastFrame(shown.seen())).toHaveLength(24);
  shown.resize(14, 60);
  await shown.until(
    /and 2\d more, nothing waiting, nothing failed; --all shows them[^]*?\u001b\[J/,
  );
  expect(lastFrame(shown.seen())).toHaveLength(14);
  shown.type("\u0003");
  expect(await shown.exited()).toBe(0);
});

onATerminal(
  "Ctrl-Z gives the terminal back, and it is taken again when the program goes on",
  async () => {
    await using world = await sampled();
    await using shown = await watchOf(world);
    await shown.until(/2 entries/);
    shown.type("\u001a");
    await shown.stopped();
    await shown.goOn(/\u001b\[\?1049l[^]*\u001b\[\?1049h[^]*2 entries/);
    shown.type("\u0003");
    expect(await shown.exited()).toBe(0);
  },
);

/** Starts `status --watch` without a terminal, and waits for what it prints. */
async function watchPiped(world: World, ...args: string[]) {
  let text = "";
  let child: ChildProcess | undefined;
  const ended = world.run(["status", "--watch", "0.1", ...args], {
    onStart: (started) => {
      child = started;
      started.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
    },
  });
  return {
    async until(pattern: RegExp): Promise<void> {
      for (text = ""; !pattern.test(text);)
        await once(child?.stdout as NodeJS.ReadableStream, "data");
    },
    end: () => {
      child?.kill("SIGTERM");
      return ended;
    },
  };
}

test("--watch goes on while there is no cache yet, one comes, and that is moved aside", async () => {
  await using world = await createWorld();
  const shown = await watchPiped(world);
  await shown.until(/CACHE_UNUSABLE: no cache at .*: has the sampler run/);
  await world.put("a.csv", rows(3));
  await world.pass();
  world.close();
  await shown.until(/1 entry: 1 sampled/);
  const cache = join(world.state, "cache.db");
  await rename(cache, `${cache}.aside`);
  await shown.until(/no cache at/);
  await world.put("b.csv", rows(3));
  await world.pass();
  world.close();
  await shown.until(/2 entries: 2 sampled/);
  expect((await shown.end()).code).toBe(0);
});

test("--watch beside a daemon that stops and starts says so, and holds up neither", async () => {
  await using world = await sampled({ schedule: NEVER });
  const shown = await watchPiped(world);
  await shown.until(/not running/);
  for (let i = 0; i < 2; i += 1) {
    const daemon = await world.daemon();
    await shown.until(new RegExp(`running: pid ${daemon.pid} on `));
    daemon.kill("SIGTERM");
    expect(await daemon.exited()).toBe(0);
    await shown.until(/not running/);
  }
  // A reader that stayed would keep the daemon from making one file of the cache again.
  const names = [...(await world.snapshot(world.state)).keys()];
  expect(names.filter((name) => /-(wal|shm)$/.test(name) && name.startsWith("cache"))).toEqual([]);
  expect((await shown.end()).code).toBe(0);
});

test("--watch --json prints one report on each line", async () => {
  await using world = await sampled();
  const shown = await watchPiped(world, "--json");
  await shown.until(/\n.*\n/);
  const { stdout } = await shown.end();
  const reports = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(reports.length).toBeGreaterThan(1);
  expect(reports[0]).toMatchObject({ running: null, totals: { sampled: 1 } });
});
