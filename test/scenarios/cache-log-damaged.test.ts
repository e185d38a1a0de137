import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cachePath } from "../../src/store/sqlite/cache-files.ts";
import { DATASETS, expectCleanAudit, fillRichly, remember } from "../store/rich-lake.ts";
import { createWorld, rows, type World } from "../helpers/world.ts";

/** Bytes of the head of a write-ahead log, of the head of a page in it, and of the page. */
const [HEAD, PAGE_HEAD, PAGE] = [32, 24, 4096];

/** Damages of the write-ahead log of a daemon that was killed. */
const damages: Readonly<Record<string, (wal: string) => void>> = {
  "is gone": (wal) => rmSync(wal),
  "is gone, and so is the index of it": (wal) => {
    rmSync(wal);
    rmSync(wal.replace("-wal", "-shm"), { force: true });
  },
  "is empty": (wal) => truncateSync(wal, 0),
  "is cut in its head": (wal) => truncateSync(wal, HEAD - 5),
  "is cut in its first page": (wal) => truncateSync(wal, HEAD + PAGE_HEAD + 100),
  "is cut in the middle of a page": (wal) => {
    const pages = Math.floor((readFileSync(wal).length - HEAD) / (PAGE_HEAD + PAGE));
    truncateSync(wal, HEAD + Math.floor(pages / 2) * (PAGE_HEAD + PAGE) + 1000);
  },
  "is zeros": (wal) => writeFileSync(wal, Buffer.alloc(readFileSync(wal).length)),
  "is noise": (wal) => {
    const bytes = readFileSync(wal);
    writeFileSync(
      wal,
      bytes.map((_, i) => (i * 2_654_435_761) >>> 11),
    );
  },
  "has one wrong byte in the middle": (wal) => {
    const bytes = readFileSync(wal);
    const at = Math.floor(bytes.length / 2);
    bytes[at] = (bytes[at] ?? 0) ^ 0x40;
    writeFileSync(wal, bytes);
  },
  "has a wrong head": (wal) => {
    const bytes = readFileSync(wal);
    writeFileSync(wal, bytes.fill(0xff, 8, 24));
  },
  "goes on with rubbish": (wal) => {
    writeFileSync(wal, Buffer.alloc(3 * PAGE, 0x5a), { flag: "a" });
  },
  "has an index that is rubbish": (wal) => {
    writeFileSync(wal.replace("-wal", "-shm"), Buffer.alloc(32_768, 0x5a));
  },
};

/**
 * A lake in which a daemon was killed, with everything it left of the cache, kept to start from
 * again.
 */
async function killedDaemon(world: World): Promise<string> {
  await fillRichly(world, 10);
  const daemon = await world.daemon();
  await daemon.logged("pass");
  for (let i = 0; i < 10; i += 1) await world.put(`late-${i}.csv`, rows(i));
  await daemon.logged("sampled", { raw: "raw/late-9.csv" });
  await daemon.logged("pass", { sampled: 0 }).catch(() => undefined);
  daemon.kill("SIGKILL");
  await daemon.exited();
  const kept = join(world.root, "kept");
  mkdirSync(kept);
  for (const name of readdirSync(world.state)) {
    copyFileSync(join(world.state, name), join(kept, name));
  }
  return kept;
}

test("whatever becomes of the log of a cache, at most its last transactions are done again, and nothing is lost", async () => {
  await using world = await createWorld({ schedule: "* * * * * *" });
  const kept = await killedDaemon(world);
  expect(existsSync(join(kept, "cache.db-wal"))).toBe(true);
  const early = [...remember(world).samples].filter(([name]) => !name.includes("late-"));
  expect(early.length).toBeGreaterThan(20);
  for (const [what, damage] of Object.entries(damages)) {
    world.close();
    for (const name of readdirSync(world.state)) rmSync(join(world.state, name));
    for (const name of readdirSync(kept)) copyFileSync(join(kept, name), join(world.state, name));
    damage(`${cachePath(world.state)}-wal`);
    const { summary } = await world.pass();
    expect(summary, what).toMatchObject({ errors: 0, paused: 0 });
    expect(summary.sampled, what).toBeLessThanOrEqual(10);
    const after = remember(world);
    expect([...after.samples].filter(([name]) => !name.includes("late-"))).toEqual(early);
    for (let i = 0; i < 10; i += 1) {
      expect((await world.sample(`late-${i}_sample.csv`)).toString(), what).toBe(rows(i));
    }
    const states = after.facts.map(({ outcome }) => outcome);
    expect(states.filter((outcome) => outcome === "sampled")).toHaveLength(after.samples.size);
    expect(states.filter((outcome) => outcome !== "sampled")).toHaveLength(DATASETS.length);
    expect((await world.pass()).summary).toMatchObject({ sampled: 0 });
  }
  await expectCleanAudit(world);
});
