import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createWorld, rows } from "../../helpers/world.ts";
import { createNotify } from "../../../src/daemon/systemd/notify.ts";
import type { Daemon } from "../../helpers/daemon.ts";
import { listen, type Listener } from "./listener.ts";
import { endingWithUs } from "../../helpers/child.ts";

/** A daemon whose watchdog wants to hear of it within 300 ms; a file may take 2 × 2.1 s. */
const WATCHED = { limits: { seconds: 5 }, schedule: "0 0 1 1 *", watch: false };
const WATCHDOG_USEC = "300000";

function notifyEnv({ path }: Listener): Record<string, string> {
  return { NOTIFY_SOCKET: path, WATCHDOG_USEC };
}

/** The reason why calls of the program cannot be made to hang here, or undefined. */
function whyNoHanging(): string | undefined {
  const tried = spawnSync("strace", ["-f", "-o", "/dev/null", "true"], { encoding: "utf8" });
  if (tried.error !== undefined) return "strace is not installed";
  return tried.status === 0 ? undefined : `strace cannot trace: ${tried.stderr.trim()}`;
}

/** The daemon waits whenever it closes one of these files, seconds, until this is disposed of. */
async function slowDown(
  { pid }: Daemon,
  paths: readonly string[],
  seconds: number,
): Promise<Disposable> {
  const delay = `inject=close:delay_enter=${seconds * 1e6}`;
  const args = ["-f", "-p", String(pid), "-e", "trace=close", "-e", delay, "-o", "/dev/null"];
  const only = paths.flatMap((path) => ["-P", path]);
  const strace = spawn(...endingWithUs("strace", [...args, ...only]), {
    stdio: ["ignore", "ignore", "pipe"],
  });
  await new Promise<void>((resolve, reject) => {
    strace.stderr.on("data", (chunk: Buffer) => {
      if (chunk.includes("attached")) resolve();
    });
    strace.on("close", (code) => reject(new Error(`strace ended with ${code}`)));
  });
  return { [Symbol.dispose]: () => void strace.kill("SIGKILL") };
}

test("who is to be told is taken out of the environment; another process's watchdog is not ours", async () => {
  await using world = await createWorld();
  const systemd = listen(join(world.root, "notify"));
  const told: string[] = [];
  const surroundings = { ...notifyEnv(systemd), PATH: "/bin", WATCHDOG_PID: String(process.pid) };
  const env: Record<string, string | undefined> = { ...surroundings };
  const notify = createNotify(env, (message) => told.push(message));
  expect(env).toEqual({ PATH: "/bin" });
  expect(notify).toMatchObject({ isWanted: true, watchdogMs: 300 });
  notify.send({ status: "two\nlines", isAlive: true });
  expect(await systemd.heard(/^WATCHDOG=1$/)).toEqual(["STATUS=two lines", "WATCHDOG=1"]);
  notify.close();
  const other = createNotify({ ...surroundings, WATCHDOG_PID: "1" }, (message) =>
    told.push(message),
  );
  expect(other).toMatchObject({ isWanted: true, watchdogMs: undefined });
  other.close();
  expect(createNotify({}, (message) => told.push(message)).isWanted).toBe(false);
  expect(told).toEqual([]);
  systemd.close();
});

test("systemd hears when the first pass can start, how the daemon stands, of a reload, and of the end", async () => {
  await using world = await createWorld({ schedule: "0 0 1 1 *" });
  for (let i = 0; i < 3; i += 1) await world.put(`${i}.csv`, rows(3));
  const systemd = listen(join(world.root, "notify"));
  const daemon = await world.daemon({ NOTIFY_SOCKET: systemd.path });
  await systemd.heard(/^READY=1$/);
  await daemon.logged("pass", { sampled: 3 });
  await systemd.heard(/^STATUS=no file waits; [\d.]+ files\/s$/);
  await systemd.heard(/^STATUS=no file waits$/);

  daemon.kill("SIGHUP");
  const reloading = await systemd.heard(/^RELOADING=1$/);
  expect(reloading[1]).toMatch(/^MONOTONIC_USEC=\d+$/);
  const uptime = Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]);
  expect(Number(reloading[1]?.split("=")[1]) / 1e6).toBeCloseTo(uptime, -2);
  expect(await systemd.heard(/^READY=1$/)).toEqual(["READY=1", "STATUS=no file waits"]);

  await world.configure({ sample: { rows: "many" } });
  daemon.kill("SIGHUP");
  await systemd.heard(/^RELOADING=1$/);
  const refused = await systemd.heard(/^READY=1$/);
  expect(refused[1]).toMatch(
    /^STATUS=no file waits; configuration refused, the old one stays: .*rows/,
  );

  daemon.kill("SIGTERM");
  const stopping = await systemd.heard(/^STOPPING=1$/);
  expect(stopping).toContain("EXTEND_TIMEOUT_USEC=70000000");
  expect(await daemon.exited()).toBe(0);
  expect(systemd.messages.flat().filter((line) => line.startsWith("WATCHDOG"))).toEqual([]);
  systemd.close();
});

test("what waits, since when, and why nothing is done about it, is told while the host is busy", async () => {
  await using world = await createWorld();
  for (const name of ["a.csv", "b.csv"]) await world.put(name, rows(3));
  await world.pass({ run: () => Promise.resolve({ outcome: "aborted" }) });
  await world.configure({ load: { maxMemory: 0.01 } });
  const systemd = listen(join(world.root, "notify"));
  await world.daemon({ NOTIFY_SOCKET: systemd.path });
  expect((await systemd.heard(/^READY=1$/))[1]).toMatch(/^STATUS=2 files wait, oldest \d+ s$/);
  await systemd.heard(/^STATUS=2 files wait, oldest \d+ s; passes wait: .*memory/);
  systemd.close();
});

test("a socket that nobody listens at costs one warning, and nothing of the work", async () => {
  await using world = await createWorld({ schedule: "0 0 1 1 *" });
  await world.put("a.csv", rows(3));
  for (const path of [join(world.root, "none"), "@abstract"]) {
    const daemon = await world.daemon({ NOTIFY_SOCKET: path, WATCHDOG_USEC });
    expect((await daemon.logged("systemd is not told"))["reason"]).toContain(path);
    await daemon.logged("pass");
    daemon.kill("SIGTERM");
    expect(await daemon.exited()).toBe(0);
    expect(daemon.lines.filter(({ msg }) => msg === "systemd is not told")).toHaveLength(1);
  }
  expect(await world.samples()).toEqual(["a_sample.csv"]);
});

test("before a large cache is opened, systemd is asked for the time that takes", async () => {
  await using world = await createWorld({ schedule: "0 0 1 1 *" });
  world.db();
  world.close();
  const systemd = listen(join(world.root, "notify"));
  await world.daemon({ NOTIFY_SOCKET: systemd.path });
  const [status, extended] = await systemd.heard(/^STATUS=opening the cache$/);
  expect(status).toBe("STATUS=opening the cache");
  const usec = Number(/^EXTEND_TIMEOUT_USEC=(\d+)$/.exec(extended ?? "")?.[1]);
  expect(usec).toBeGreaterThan(60e6);
  await systemd.heard(/^READY=1$/);
  systemd.close();
});

test("while samples are checked after a power loss, systemd is asked for more time", async () => {
  await using world = await createWorld({ schedule: "0 0 1 1 *" });
  await world.put("a.csv", rows(3));
  await world.pass();
  await world.store().process.setBootId("of another boot");
  const systemd = listen(join(world.root, "notify"));
  const daemon = await world.daemon({ NOTIFY_SOCKET: systemd.path });
  await systemd.heard(/^EXTEND_TIMEOUT_USEC=120000000$/);
  await systemd.heard(/^READY=1$/);
  await daemon.logged("samples checked that were not synced", { checked: 1, redone: 0 });
  systemd.close();
});

test.concurrent("a daemon whose manifest hangs is not fed any more, and says so", async (context) => {
  const reason = whyNoHanging();
  if (reason !== undefined) return context.skip(reason);
  await using world = await createWorld(WATCHED);
  await world.put("a.csv", rows(3));
  const systemd = listen(join(world.root, "notify"));
  const daemon = await world.daemon(notifyEnv(systemd));
  try {
    await systemd.heard(/^READY=1$/);
    await daemon.logged("pass", { sampled: 1 });
    using _ = await slowDown(daemon, [world.path("manifests/processed.jsonl")], 600);
    await systemd.heard(/^WATCHDOG=1$/);
    await world.put("b.csv", rows(3));
    daemon.kill("SIGHUP");
    await systemd.heard(/^STATUS=nothing was done for \d+ s/);
    // Each would have been a message of life.
    const hung = systemd.messages.length;
    for (let i = 0; i < 5; i += 1) await systemd.heard(/^STATUS=nothing was done for/);
    expect(systemd.messages.slice(hung).flat()).not.toContain("WATCHDOG=1");
    expect(await daemon.logged("nothing is done any more; the watchdog is left to starve"));
  } finally {
    await daemon.end();
    systemd.close();
  }
});

test.concurrent("a daemon in a pass that is long but gets on is fed all the time", async (context) => {
  const reason = whyNoHanging();
  if (reason !== undefined) return context.skip(reason);
  await using world = await createWorld(WATCHED);
  // Each manifest takes some time to be read; all of them take longer than one that hangs is given.
  const slow = Array.from({ length: 7 }, (_, i) => `acme/slow/v${i}`);
  for (const dataset of slow) await world.put("a.csv", rows(3), { dataset });
  const systemd = listen(join(world.root, "notify"));
  const manifests = slow.map((dataset) => world.path("manifests/processed.jsonl", dataset));
  const daemon = await world.daemon(notifyEnv(systemd));
  try {
    for (const dataset of slow) await daemon.logged("sampled", { dataset });
    using _ = await slowDown(daemon, manifests, 1.5);
    for (const dataset of slow) await world.put("b.csv", rows(3), { dataset });
    const before = systemd.messages.length;
    daemon.kill("SIGHUP");
    for (const dataset of slow) await daemon.logged("sampled", { dataset, raw: "raw/b.csv" });
    const fed = systemd.messages.slice(before).filter((lines) => lines.includes("WATCHDOG=1"));
    expect(fed.length).toBeGreaterThan(10);
    expect(systemd.messages.flat().filter((line) => line.includes("nothing was done"))).toEqual([]);
  } finally {
    await daemon.end();
    systemd.close();
  }
});
