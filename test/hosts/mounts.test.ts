import { execFileSync } from "node:child_process";
import { accessSync, constants, mkdirSync, readFileSync } from "node:fs";
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Postgres, startPostgres, whyNoPostgres } from "../helpers/postgres.ts";
import { whyWithout } from "../helpers/workplace.ts";
import { createWorld, DATASET, MTIME, rows, type World } from "../helpers/world.ts";
import { createFleet, type Host } from "./fleet.ts";
import { reference, samplesOf } from "./made.ts";

const FILES = 100;
const VERSIONS = 3;
/** As a network file system does, a mount answers from what it saw up to 3 s ago. */
const NAMES = ["one", "two"];
const CACHED = "attr_timeout=3,entry_timeout=3,negative_timeout=3";

const whyNoMounts = whyNoPostgres ?? whyWithout(["bindfs", "fusermount"]) ?? whyNoFuse();
let server: Postgres;

beforeAll(async () => {
  if (whyNoMounts === undefined) server = await startPostgres();
});
afterAll(() => server?.[Symbol.asyncDispose]());

test.skipIf(whyNoMounts !== undefined)(
  `two hosts with a FUSE mount each, and a producer with a third: nothing is missed, nothing read again (${whyNoMounts ?? "bindfs"})`,
  async () => {
    await using world = await createWorld();
    await world.manifest("");
    using mounts = mountAll(world, [...NAMES, "producer"]);
    const config = { database: await server.database(), watch: "poll" };
    await using fleet = await createFleet(world, NAMES, config, mounts.pathOf);
    const preload = pathToFileURL(join(import.meta.dirname, "../helpers/set-hostname.ts")).href;
    const named = (OWN_HOSTNAME = "") => ({ NODE_OPTIONS: `--import=${preload}`, OWN_HOSTNAME });
    await Promise.all(fleet.hosts.map((host, i) => host.start(named(NAMES[i]))));
    const dataset = join(mounts.pathOf("producer"), DATASET);
    for (let version = 0; version < VERSIONS; version += 1) {
      for (let i = 0; i < FILES; i += 1) {
        const mtime = MTIME + version;
        await writeFile(join(dataset, `bronze/f${i}.csv`), rows(1 + version));
        const line = { raw: `raw/f${i}.csv`, bronze: `bronze/f${i}.csv`, mtime };
        await appendFile(join(dataset, "manifests/processed.jsonl"), `${JSON.stringify(line)}\n`);
        await sleep(10);
      }
      await sleep(4000);
    }
    await untilDone(world, fleet.hosts);
    const [made, expected] = [await samplesOf(world, [DATASET]), await reference(world, [DATASET])];
    expect(made.size).toBe(FILES);
    expect([...expected].filter(([name, bytes]) => made.get(name) !== bytes)).toEqual([]);
    const receipts = NAMES.flatMap((name) => receiptsOf(world, name));
    expect(new Set(receipts).size).toBeGreaterThanOrEqual(FILES);
    for (const host of fleet.hosts) {
      const { lines } = host.running();
      expect(lines.filter(({ msg }) => msg === "manifest read again")).toEqual([]);
      expect(lines.some(({ msg }) => msg === "sampled")).toBe(true);
    }
  },
);

/** The versions that a host has sampled, as its receipts say: each machine writes a file of its own. */
function receiptsOf(world: World, name: string): readonly string[] {
  return readFileSync(world.path(`samples/_receipts-${name}.jsonl`), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { raw: string; mtime: number; outcome: string })
    .filter(({ outcome }) => outcome === "sampled")
    .map(({ raw, mtime }) => `${raw} ${mtime}`);
}

/** The reason why nothing can be mounted here; undefined where it can. */
function whyNoFuse(): string | undefined {
  try {
    accessSync("/dev/fuse", constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return "/dev/fuse: not to be used here";
  }
}

/** Mounts of a world's lake, each with a cache of its own. */
interface Mounts extends Disposable {
  readonly pathOf: (name: string) => string;
}

function mountAll(world: World, names: readonly string[]): Mounts {
  const pathOf = (name: string) => join(world.root, `mount-${name}`);
  const mounted: string[] = [];
  const unmount = () => {
    for (const path of mounted) execFileSync("fusermount", ["-u", "-z", path]);
  };
  try {
    for (const path of names.map(pathOf)) {
      mkdirSync(path);
      execFileSync("bindfs", ["-o", CACHED, world.prefix, path]);
      mounted.push(path);
    }
  } catch (error) {
    unmount();
    throw error;
  }
  return { pathOf, [Symbol.dispose]: unmount };
}

async function untilDone(world: World, hosts: readonly Host[]): Promise<void> {
  const [first] = hosts as [Host];
  for (;;) {
    const { stdout } = await world.run(["status", "--json", "--config", first.config]);
    const { totals } = JSON.parse(stdout) as {
      totals: { sampled: number; waiting: number; unreadBytes: number };
    };
    if (totals.sampled === FILES && totals.waiting === 0 && totals.unreadBytes === 0) return;
    await sleep(500);
  }
}
