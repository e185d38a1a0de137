import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync } from "node:fs";
import { appendFile, mkdir, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { followEvents } from "../../../src/manifest/watch/events.ts";
import { createWorld, DATASET, rows, type World } from "../../helpers/world.ts";

/** Every minute of a leap year's 29 February: in effect, never. */
const NEVER = "0 0 29 2 *";

/** Three files, each after the one before was sampled: passes that are due anyway take two at most. */
async function expectFollowed(
  world: World,
  daemon: Awaited<ReturnType<World["daemon"]>>,
  name: string,
): Promise<void> {
  for (const raw of [`${name}-1.csv`, `${name}-2.csv`, `${name}-3.csv`]) {
    await world.put(raw, rows(3));
    await daemon.logged("sampled", { dataset: DATASET, raw: `raw/${raw}` });
  }
}

const levels = {
  manifests: `${DATASET}/manifests`,
  version: DATASET,
  dataset: "acme/orders",
  vendor: "acme",
} as const;

test.each(Object.entries(levels))(
  "a %s directory that was replaced beside the daemon is followed",
  async (_level, path) => {
    await using world = await createWorld({ schedule: NEVER });
    await world.put("a.csv", rows(3));
    const daemon = await world.daemon();
    await daemon.logged("sampled", { raw: "raw/a.csv" });
    const directory = join(world.prefix, path);
    await rename(directory, join(world.root, "old"));
    await mkdir(directory);
    await expectFollowed(world, daemon, "moved");
    await rm(directory, { recursive: true });
    await mkdir(directory);
    await expectFollowed(world, daemon, "removed");
  },
);

test("a directory that comes back after a while is followed", async () => {
  await using world = await createWorld({ schedule: NEVER });
  await world.put("a.csv", rows(3));
  const daemon = await world.daemon();
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  await rename(world.path("manifests"), join(world.root, "old"));
  // Directories that came or went are looked at once more, and a pass comes of it.
  await daemon.logged("pass");
  await daemon.logged("pass");
  await rename(join(world.root, "old"), world.path("manifests"));
  await expectFollowed(world, daemon, "b");
});

test("a link that leads to another place than before is followed there", async () => {
  await using world = await createWorld();
  const link = join(world.prefix, "acme/orders/linked");
  const disks = ["one", "two"].map((disk) => join(world.root, disk));
  for (const disk of disks) await mkdir(join(disk, "manifests"), { recursive: true });
  await symlink(disks[0] as string, link);
  await using followed = follow(world);
  await followed.told("ready");
  await unlink(link);
  await symlink(disks[1] as string, link);
  await followed.told("ready");
  await writeFile(join(disks[1] as string, "manifests/processed.jsonl"), "");
  await followed.told("acme/orders/linked");
});

test("a directory that two links lead to, and that is replaced, is followed through both", async () => {
  await using world = await createWorld();
  const disk = join(world.root, "disk");
  await mkdir(join(disk, "manifests"), { recursive: true });
  const links = ["acme/orders/one", "acme/orders/two"];
  await mkdir(join(world.prefix, "acme/orders"), { recursive: true });
  for (const link of links) await symlink(disk, join(world.prefix, link));
  await using followed = follow(world);
  await followed.told("ready");
  // No time between them: nothing tells that a directory came where only links lead.
  renameSync(disk, join(world.root, "old"));
  mkdirSync(join(disk, "manifests"), { recursive: true });
  await followed.told("ready");
  await writeFile(join(disk, "manifests/processed.jsonl"), "");
  for (const link of links) await followed.told(link);
});

test("a prefix that comes back after a while is followed", async () => {
  await using world = await createWorld();
  await world.manifest("", DATASET);
  await using followed = follow(world);
  await followed.told("ready");
  await rename(world.prefix, join(world.root, "old"));
  await followed.told("directories");
  await rename(join(world.root, "old"), world.prefix);
  await followed.told("ready");
  await appendFile(world.path("manifests/processed.jsonl"), "\n");
  await followed.told(DATASET);
});

test("datasets that come one right after the other are all followed", async () => {
  await using world = await createWorld({ schedule: NEVER });
  const daemon = await world.daemon();
  await daemon.logged("pass");
  const datasets = Array.from({ length: 10 }, (_, i) => `acme/d${i}/v1`);
  for (const round of [1, 2, 3]) {
    for (const dataset of datasets) await world.put(`${round}.csv`, rows(3), { dataset });
    for (const dataset of datasets) {
      await daemon.logged("sampled", { dataset, raw: `raw/${round}.csv` });
    }
  }
});

test("when the kernel drops events, watching begins again, and what came unseen is followed", async () => {
  await using world = await createWorld();
  const [first, second] = ["acme/orders/v1", "acme/orders/v2"];
  for (const dataset of [first, second]) await world.manifest("", dataset);
  await using followed = follow(world);
  await followed.told("ready");
  const late = "acme/late/v1";
  // Nothing is read meanwhile: this process waits for the other one.
  const flood = spawnSync(process.execPath, [
    "-e",
    `const fs = require("fs");
     const files = process.argv.slice(1, 3).map((path) => fs.openSync(path, "a"));
     for (let i = 0; i < 12000; i += 1) fs.writeSync(files[i % 2], "\\n");
     fs.mkdirSync(process.argv[3], { recursive: true });`,
    world.path("manifests/processed.jsonl", first),
    world.path("manifests/processed.jsonl", second),
    world.path("manifests", late),
  ]);
  expect(flood.status).toBe(0);
  await followed.told(first);
  await followed.told("ready");
  await appendFile(world.path("manifests/processed.jsonl", late), "\n");
  await followed.told(late);
});

interface Followed extends AsyncDisposable {
  /** Resolves when a dataset, or `ready`, is reported that was not waited for before. */
  told(what: string): Promise<void>;
}

function follow(world: World): Followed {
  const told = new Set<string>();
  const waiters = new Map<string, () => void>();
  const tell = (what: string): void => {
    told.add(what);
    waiters.get(what)?.();
  };
  const watcher = followEvents(world.settings(), {
    onGrowth: tell,
    onReady: () => tell("ready"),
    onDirectories: () => tell("directories"),
    onError: (error) => {
      throw error;
    },
  });
  return {
    async told(what) {
      if (!told.has(what)) await new Promise<void>((resolve) => void waiters.set(what, resolve));
      told.delete(what);
    },
    [Symbol.asyncDispose]: () => watcher.close(),
  };
}
