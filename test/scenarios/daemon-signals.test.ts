import { watch } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { slowLimits, slowTgz } from "../helpers/slow.ts";
import { createWorld, MTIME, rows, type World } from "../helpers/world.ts";

const NEVER = "0 0 29 2 *";

/** One file that takes a minute, and one that is done at once. */
async function fillSlowly(world: World): Promise<void> {
  await world.put("slow.tgz", slowTgz());
  await world.put("a.csv", rows(3));
}

test("SIGTERM twice: the first lets what is in work come to its end, the second does not wait", async () => {
  await using world = await createWorld({ schedule: NEVER, stopSeconds: 300, limits: slowLimits });
  await fillSlowly(world);
  const daemon = await world.daemon();
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  daemon.kill("SIGTERM");
  await daemon.logged("stopping", { signal: "SIGTERM" });
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(1);
  expect(world.row("raw/a.csv")).toMatchObject({ outcome: "sampled" });
  expect(world.row("raw/slow.tgz")).toMatchObject({ outcome: null, waiting: true, attempts: 0 });
});

test("run --once ends with the first signal as well, keeps what is done, and says by its code that it is not all", async () => {
  // A busy machine takes its time to note what is done.
  await using world = await createWorld({ stopSeconds: 5, limits: slowLimits });
  await fillSlowly(world);
  await mkdir(world.path("samples"), { recursive: true });
  const ran = await world.run(["run", "--once", "--json"], {
    onStart(child) {
      const watcher = watch(world.path("samples"), (_event, name) => {
        if (name === "a_sample.csv") child.kill("SIGTERM");
      });
      child.on("close", () => watcher.close());
    },
  });
  expect(ran.code).toBe(1);
  expect(JSON.parse(ran.stdout)).toMatchObject({ sampled: 1, failed: 0 });
  expect(world.row("raw/slow.tgz")).toMatchObject({ outcome: null, waiting: true, attempts: 0 });
});

test("SIGHUP: a configuration that would not start is refused each time, and a sound one taken afterwards", async () => {
  await using world = await createWorld({ schedule: NEVER, sample: { rows: 7 } });
  const daemon = await world.daemon();
  const sound = { prefix: world.prefix, schedule: NEVER, manifest: { settleMs: 10 } };
  const bad: readonly (readonly [string | undefined, RegExp])[] = [
    ["sample: [", /config\.yaml:\d+: /],
    ["", /no prefix/],
    [undefined, /cannot read .*config\.yaml/],
    [JSON.stringify({ ...sound, schedule: "sometimes" }), /not a cron expression/],
    [JSON.stringify({ ...sound, limits: { readBytes: 1, recordBytes: 2 } }), /can never be read/],
    [JSON.stringify({ ...sound, sample: { rows: -1 } }), /sample\.rows/],
    [JSON.stringify({ ...sound, state: "elsewhere" }), /prefix, state and database cannot change/],
  ];
  let mtime = MTIME;
  for (const [text, reason] of bad) {
    if (text === undefined) await rm(world.config);
    else await writeFile(world.config, text);
    daemon.kill("SIGHUP");
    const refused = await daemon.logged("configuration refused; the old one stays");
    expect(refused["reason"]).toMatch(reason);
    mtime += 1;
    await world.put("a.csv", rows(50), { mtime });
    await daemon.logged("sampled", { raw: "raw/a.csv" });
    expect(String(await world.sample("a_sample.csv"))).toBe(rows(7));
  }
  await writeFile(world.config, JSON.stringify({ ...sound, sample: { rows: 5 } }));
  daemon.kill("SIGHUP");
  await daemon.logged("configuration read again");
  await world.put("a.csv", rows(50), { mtime: mtime + 1 });
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  expect(String(await world.sample("a_sample.csv"))).toBe(rows(5));
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
});

/** Has a signal come as soon as the program's first line runs. */
function early(signal: NodeJS.Signals): Record<string, string> {
  const preload = join(import.meta.dirname, "../helpers/early-signal.ts");
  return { NODE_OPTIONS: `--import=${preload}`, EARLY_SIGNAL: signal };
}

test("SIGHUP while the program is still being loaded ends nothing: the configuration is read", async () => {
  await using world = await createWorld({ schedule: NEVER });
  const daemon = await world.daemon(early("SIGHUP"));
  await daemon.logged("configuration read again");
  await world.put("a.csv", rows(3));
  await daemon.logged("sampled", { raw: "raw/a.csv" });
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s while the program is still being loaded ends it in good order, before anything is begun",
  async (signal) => {
    await using world = await createWorld({ schedule: NEVER });
    await world.put("a.csv", rows(3));
    const daemon = await world.daemon(early(signal));
    expect(await daemon.exited()).toBe(0);
    expect(daemon.lines.map(({ msg }) => msg)).toEqual(["stopping", "started", "stopped"]);
    expect(await world.samples()).toEqual([]);
  },
);

test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
  "run --once: %s while the program is still being loaded ends it before anything is begun",
  async (signal) => {
    await using world = await createWorld();
    await world.put("a.csv", rows(3));
    const ran = await world.run(["run", "--once", "--json"], { env: early(signal) });
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({ sampled: 0, lines: 0 });
  },
);

test.each(["list", "run --dry-run"])(
  "%s: a signal does what it does by default",
  async (command) => {
    await using world = await createWorld();
    const ran = await world.run(command.split(" "), { env: early("SIGTERM") });
    expect(ran).toMatchObject({ code: null, stdout: "" });
  },
);
