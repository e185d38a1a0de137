import { execFileSync } from "node:child_process";
import { mkdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkAfterPowerLoss } from "../../src/sampling/upkeep/power-loss.ts";
import { syncSettled } from "../../src/sampling/upkeep/sync.ts";
import { createWorld, MTIME, rows, run, type World } from "../helpers/world.ts";

const program = join(import.meta.dirname, "../../src/main.ts");
const REPORT = /checked ([\d,]+) samples? not synced before, ([\d,]+) to be redone$/m;

/** Acts as if the machine had been started again since the cache was closed. */
async function restartMachine(world: World): Promise<void> {
  await world.store().process.setBootId("the boot before");
  world.close();
}

/** Brings to disk what was settled a while before a time. */
function sync(world: World, clock = () => Date.now() + 60_000) {
  const settings = world.settings();
  return syncSettled({
    store: world.store().upkeep,
    settings,
    isStopping: () => false,
    clock,
    restMs: 0,
  });
}

async function inodes(world: World): Promise<Map<string, bigint>> {
  const found = new Map<string, bigint>();
  for (const name of await world.samples()) {
    found.set(name, (await stat(world.path(`samples/${name}`), { bigint: true })).ino);
  }
  return found;
}

const damages: Readonly<Record<string, (path: string) => Promise<void>>> = {
  short: async (path) => writeFile(path, (await readFile(path)).subarray(0, 100)),
  empty: (path) => writeFile(path, ""),
  long: (path) => writeFile(path, "x", { flag: "a" }),
  missing: (path) => rm(path),
  zeros: async (path) => writeFile(path, Buffer.alloc((await readFile(path)).length)),
  tail: async (path) => writeFile(path, (await readFile(path)).fill(0, 4096)),
  earlier: (path) => utimes(path, MTIME, MTIME),
  link: async (path) => {
    await writeFile(`${path}.target`, await readFile(path));
    await rm(path);
    await symlink(`${path}.target`, path);
  },
};
const wide = `id,text\n${Array.from({ length: 100 }, (_, i) => `${i},${"x".repeat(120)}\n`).join("")}`;

/** Two whole samples, one for each kind of damage, and one whose last attempt failed. */
async function fill(world: World): Promise<void> {
  for (const name of ["whole", "whole2", "failed", ...Object.keys(damages)]) {
    await world.put(`${name}.csv`, wide);
  }
  expect((await world.run(["run", "--once"])).stderr).toBe("");
  await world.announce("failed.csv", { bronze: "/etc/hostname", mtime: MTIME + 1 });
  await world.run(["run", "--once"]);
  expect(world.row("raw/failed.csv")).toMatchObject({ outcome: "failed", waiting: false });
}

async function damageAll(world: World): Promise<void> {
  for (const [name, damage] of Object.entries(damages)) {
    await damage(world.path(`samples/${name}_sample.csv`));
  }
}

async function expectMended(world: World, before: ReadonlyMap<string, bigint>): Promise<void> {
  const after = await inodes(world);
  for (const name of ["whole", "whole2", "failed"]) {
    expect(after.get(`${name}_sample.csv`), name).toBe(before.get(`${name}_sample.csv`));
  }
  for (const name of Object.keys(damages)) {
    const sample = `${name}_sample.csv`;
    expect((await world.sample(sample)).toString(), name).toBe(wide);
  }
  expect(world.rows().filter(({ waiting }) => waiting)).toEqual([]);
}

test("a machine that was started anew has the samples that did not last redone, and no other touched", async () => {
  await using world = await createWorld();
  await fill(world);
  const before = await inodes(world);
  await damageAll(world);
  await restartMachine(world);
  const again = await world.run(["run", "--once", "--json"]);
  const count = Object.keys(damages).length;
  expect(REPORT.exec(again.stderr)?.slice(1)).toEqual([String(count + 2), String(count)]);
  expect(JSON.parse(again.stdout)).toMatchObject({ lines: 0, sampled: count, failed: 0 });
  await expectMended(world, before);
  await restartMachine(world);
  const third = await world.run(["run", "--once", "--json"]);
  expect(REPORT.exec(third.stderr)?.slice(1)).toEqual([String(count), "0"]);
  expect((await world.run(["run", "--once"])).stderr).toBe("");
});

test("the daemon checks before it has started, and logs the counts", async () => {
  await using world = await createWorld();
  await fill(world);
  const before = await inodes(world);
  await damageAll(world);
  await restartMachine(world);
  const daemon = await world.daemon();
  const count = Object.keys(damages).length;
  const fields = { checked: count + 2, redone: count };
  await daemon.logged("samples checked that were not synced", fields);
  expect(daemon.lines[0]?.msg).toBe("samples checked that were not synced");
  await daemon.logged("pass", { sampled: count });
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
  await expectMended(world, before);
});

test("while the machine runs on, neither an orderly stop nor SIGKILL has samples checked", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(5));
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const daemon = await world.daemon();
    await daemon.logged("pass");
    daemon.kill(signal);
    await daemon.exited();
    await writeFile(world.path("samples/a_sample.csv"), "");
  }
  await writeFile(world.path("samples/.ss-0123456789abcdef.tmp"), "half a sam");
  const again = await world.run(["run", "--once", "--json"]);
  expect(again.stderr).toBe("removed 1 temporary file of acme/orders/v1\n");
  expect(JSON.parse(again.stdout)).toMatchObject({ sampled: 0 });
  expect((await world.sample("a_sample.csv")).length).toBe(0);
});

test("what was synced is not checked, and only what is a while old is synced", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(5));
  await world.put("b.csv", rows(5), { dataset: "acme/other/v1" });
  await world.pass();
  const settings = world.settings();
  const young = {
    store: world.store().upkeep,
    settings,
    isStopping: () => false,
    clock: Date.now,
    restMs: 0,
  };
  expect(await syncSettled(young)).toEqual({ synced: 0, redone: 0 });
  await rm(world.path("samples/b_sample.csv", "acme/other/v1"));
  expect(await sync(world)).toEqual({ synced: 2, redone: 0 });
  await world.put("c.csv", rows(5));
  await world.pass();
  await rm(world.path("samples/a_sample.csv"));
  await rm(world.path("samples/c_sample.csv"));
  await restartMachine(world);
  expect((await world.run(["run", "--once"])).stderr).toMatch("checked 1 sample not synced");
  expect(await world.samples()).toEqual(["c_sample.csv"]);
});

test("where the cache is lost too, what its receipts speak of is looked at once", async () => {
  await using world = await createWorld();
  for (const name of ["whole.csv", "gone.csv", "empty.csv"]) await world.put(name, wide);
  await world.pass();
  world.close();
  await rm(world.state, { recursive: true });
  await rm(world.path("samples/gone_sample.csv"));
  await writeFile(world.path("samples/empty_sample.csv"), "");
  const before = await inodes(world);
  expect((await world.pass()).summary).toMatchObject({ unchanged: 3, sampled: 0 });
  expect(await sync(world, Date.now)).toEqual({ synced: 1, redone: 2 });
  expect((await world.pass()).summary).toMatchObject({ sampled: 2 });
  expect((await world.sample("empty_sample.csv")).toString()).toBe(wide);
  const after = await inodes(world);
  expect(after.get("whole_sample.csv")).toBe(before.get("whole_sample.csv"));
  expect((await world.run(["audit"])).code).toBe(0);
});

test("a check that is stopped goes on at the next start", async () => {
  await using world = await createWorld();
  for (let i = 0; i < 600; i += 1) await world.put(`${i}.csv`, rows(2));
  await world.pass();
  await rm(world.path("samples/599_sample.csv"));
  let asked = 0;
  const settings = world.settings();
  const isStopping = () => (asked += 1) > 1;
  const first = await checkAfterPowerLoss({
    store: world.store(),
    settings,
    bootId: "new",
    isStopping,
  });
  expect(first?.checked).toBe(256);
  expect(await world.store().process.bootId()).not.toBe("new");
  const rest = { store: world.store(), settings, bootId: "new", isStopping: () => false };
  expect(await checkAfterPowerLoss(rest)).toEqual({ checked: 344, redone: 1 });
  expect(await checkAfterPowerLoss(rest)).toBeUndefined();
  expect((await world.pass()).outcomes).toEqual({ "raw/599.csv": "sampled" });
});

test("a broken sample goes at once, even where it cannot be redone", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(5));
  await world.pass();
  await writeFile(world.path("samples/a_sample.csv"), "");
  await rm(world.path("bronze/a.csv"));
  await restartMachine(world);
  const ran = await world.run(["run", "--once"]);
  expect(ran.stderr).toMatch(/1 to be redone\nfailed: .*FILE_MISSING/);
  expect(await world.samples()).toEqual([]);
});

const FILES = 600;
/** The first ones are sampled by a run of their own, which comes to its end. */
const EARLIER = 200;

function canLosePower(): boolean {
  const script = "mount -t tmpfs none /mnt && xfs_io -V && command -v mkfs.ext4 && losetup -f";
  try {
    execFileSync("unshare", ["-m", "bash", "-c", script], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

// The power goes after some samples of the second run, or once that is over.
const losses = [
  { when: "in the middle of a run", synced: false, samples: 360 },
  { when: "in the middle of a run, others were synced", synced: true, samples: 360 },
  { when: "after a run", synced: false, samples: FILES },
  { when: "after a run, others were synced", synced: true, samples: FILES },
];

// The lake is on a file system of its own, which only these commands see; so is the new boot id.
const script = `
  set -e
  truncate -s 256M "$ROOT/disk" && mkfs.ext4 -q "$ROOT/disk" && mkdir "$ROOT/mounted"
  mount -o loop "$ROOT/disk" "$ROOT/mounted"
  cp -a "$LAKE/." "$ROOT/mounted" && sync -f "$ROOT/mounted"
  mount --move "$ROOT/mounted" "$LAKE"
  cd "$LAKE/acme/orders/v1"
  once() { "$NODE" "$PROGRAM" run --once --json >"$KEPT/$1.json" 2>"$KEPT/$1.txt"; }
  once earlier
  if [ "$SYNCED" = true ]; then sync -f .; fi
  cat "$ROOT/later.jsonl" >>manifests/processed.jsonl && sync manifests/processed.jsonl
  "$NODE" "$PROGRAM" run --once >"$KEPT/cut.txt" 2>&1 &
  if [ "$SAMPLES" = "$FILES" ]; then wait; else
    until [ "$(ls -U samples | wc -l)" -ge "$SAMPLES" ]; do :; done
  fi
  xfs_io -x -c shutdown .
  kill -9 $! 2>/dev/null || true
  wait || true
  cd /
  umount "$LAKE"
  mount -o loop "$ROOT/disk" "$LAKE"
  cd "$LAKE/acme/orders/v1"
  find samples -name '*.csv' -size +0 | wc -l >"$KEPT/left"
  find samples -name '*.csv' -size 0 | wc -l >"$KEPT/empty"
  mount --bind "$ROOT/boot" /proc/sys/kernel/random/boot_id
  once again
  cp -a samples "$KEPT/samples"
  cd /
  umount "$LAKE"`;

test.for(losses)(
  "power that is lost $when: the next run leaves each sample whole",
  async ({ when, synced, samples }, context) => {
    if (!canLosePower()) {
      const note = "needs root, loop devices, mkfs.ext4 and xfs_io (of xfsprogs)";
      context.skip(`no power can be lost here: ${note}`);
    }
    await using world = await createWorld({ drain: { threads: 1 } });
    const lines: string[] = [];
    for (let i = 0; i < FILES; i += 1) {
      await world.write(`bronze/${i}.csv`, `${rows(200)}${i}\n`);
      const [raw, bronze] = [`raw/${i}.csv`, `bronze/${i}.csv`];
      lines.push(`${JSON.stringify({ raw, bronze, mtime: MTIME })}\n`);
    }
    await world.manifest(lines.slice(0, EARLIER).join(""));
    await writeFile(join(world.root, "later.jsonl"), lines.slice(EARLIER).join(""));
    const kept = join(world.root, "kept");
    await mkdir(kept);
    await writeFile(join(world.root, "boot"), "another boot\n");
    const env = {
      ROOT: world.root,
      LAKE: world.prefix,
      KEPT: kept,
      NODE: process.execPath,
      PROGRAM: program,
      SYNCED: String(synced),
      SAMPLES: String(samples),
      FILES: String(FILES),
    };
    world.close();
    const ran = await run(["unshare", "-m", "bash", "-c", script], world.config, { env });
    expect(ran).toMatchObject({ code: 0 });

    const files = await world.snapshot(kept);
    const text = (name: string) => files.get(name)?.text ?? "";
    const [left, empty] = [Number(text("left")), Number(text("empty"))];
    const [, checked = 0, redone = 0] = (REPORT.exec(text("again.txt")) ?? []).map((count) =>
      Number(count.replaceAll(",", "")),
    );
    console.log(`${when}: whole ${left}, empty ${empty}, checked ${checked}, redone ${redone}`);
    const names = [...files.keys()].filter((name) => /^samples\/.*(csv|tmp)$/.test(name));
    expect(names).toHaveLength(FILES);
    for (const name of names) expect(text(name), name).toBe(rows(100));
    expect(checked).toBeGreaterThanOrEqual(EARLIER);
    expect(checked - redone).toBeGreaterThanOrEqual(synced ? EARLIER : 0);
    // A receipt whose block did not last is none; all the others are.
    const receipts = text("samples/_receipts.jsonl").split("\n");
    expect(receipts.filter((line) => line.includes("\0"))).toEqual([]);
  },
);
