import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Daemon, LogLine } from "../helpers/daemon.ts";
import { createWorld, rows, type World } from "../helpers/world.ts";

/** `MANY_DATASETS=10000` for the long run. */
const MANY = Number(process.env["MANY_DATASETS"] ?? 100);
const FEW = 10;
const VENDORS = 5;
/** Descriptors that may be open, or work that may wait, for a moment. */
const FOR_A_MOMENT = 8;
const NEVER = "0 0 29 2 *";

/** Has the daemon itself log what keeps its event loop busy, on SIGUSR2. */
const telling = `data:text/javascript,${encodeURIComponent(`
  process.on("SIGUSR2", () => {
    const counts = {};
    for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
    process.stdout.write(JSON.stringify({ msg: "resources", ...counts }) + "\\n");
  });`)}`;

/** Resources that a daemon holds while it waits. */
interface Held {
  /** Open descriptors. */
  readonly descriptors: number;
  /** Paths that the kernel watches for it. */
  readonly watches: number;
  /** Kinds of what its event loop waits for → how many. */
  readonly resources: Readonly<Record<string, number>>;
}

function makeDatasets(world: World, count: number): void {
  for (let i = 0; i < count; i += 1) {
    const manifests = world.path("manifests", `v${i % VENDORS}/d${i}/v1`);
    mkdirSync(manifests, { recursive: true });
    writeFileSync(join(manifests, "processed.jsonl"), "");
  }
}

/** The resources that a daemon over this many datasets holds once everything is done. */
async function heldOver(count: number, watch: boolean | "poll"): Promise<Held> {
  await using world = await createWorld({ schedule: NEVER, watch });
  makeDatasets(world, count);
  const daemon = await world.daemon({ NODE_OPTIONS: `--import ${telling}` });
  // One when it starts, and one when everything is watched.
  for (let i = 0; i < 2; i += 1) await patiently(daemon, "pass", { datasets: count });
  await world.put("a.csv", rows(3), { dataset: `v${(count - 1) % VENDORS}/d${count - 1}/v1` });
  await patiently(daemon, "sampled", { raw: "raw/a.csv" });
  await patiently(daemon, "pass", { sampled: 1 });
  daemon.kill("SIGUSR2");
  const { msg: _, ...resources } = await daemon.logged("resources");
  const held = { ...countDescriptors(daemon.pid), resources: resources as Held["resources"] };
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
  return held;
}

/** Waits for a log line longer than other tests do: with many datasets a first pass takes longer. */
async function patiently(daemon: Daemon, msg: string, fields: object): Promise<LogLine> {
  const wanted = { ...fields } as Record<string, unknown>;
  for (let more = Math.ceil(MANY / 1000); more > 0; more -= 1) {
    const line = await daemon.logged(msg, wanted).catch(() => undefined);
    if (line !== undefined) return line;
  }
  return daemon.logged(msg, wanted);
}

function countDescriptors(pid: number): Pick<Held, "descriptors" | "watches"> {
  const folder = `/proc/${pid}/fd`;
  const descriptors = readdirSync(folder);
  const notifiers = descriptors.filter((fd) => targetOf(join(folder, fd)) === "anon_inode:inotify");
  const info = notifiers.map((fd) => readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8")).join("");
  return { descriptors: descriptors.length, watches: info.match(/^inotify wd:/gm)?.length ?? 0 };
}

/** The file that a descriptor is of; nothing for one that was closed meanwhile. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}

test(`a daemon over ${MANY} datasets has the descriptors and timers of one over ${FEW}`, async () => {
  const few = await heldOver(FEW, true);
  const many = await heldOver(MANY, true);
  process.stdout.write(`${MANY} datasets: ${JSON.stringify(many)}\n`);
  expect(many.descriptors).toBeLessThanOrEqual(few.descriptors + FOR_A_MOMENT);
  expect(many.resources["Timeout"]).toBeLessThanOrEqual(FOR_A_MOMENT);
  // No descriptors: the dataset's directory, its version's and manifests/.
  expect(many.watches - few.watches).toBe(3 * (MANY - FEW));
}, 900_000);

test(`nor has one that polls a timer for each of ${MANY} manifests`, async () => {
  const few = await heldOver(FEW, "poll");
  const many = await heldOver(MANY, "poll");
  process.stdout.write(`${MANY} datasets, polled: ${JSON.stringify(many)}\n`);
  expect(many.descriptors).toBeLessThanOrEqual(few.descriptors + FOR_A_MOMENT);
  expect(many.resources["Timeout"]).toBeLessThanOrEqual(FOR_A_MOMENT);
  // Each of these would have a timer of its own, and look at its file every second.
  expect(many.resources["StatWatcher"] ?? 0).toBe(few.resources["StatWatcher"] ?? 0);
}, 900_000);
