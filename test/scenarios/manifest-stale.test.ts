import { open, readFile, truncate, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createIngest, type Ingest } from "../../src/sampling/ingest/ingest.ts";
import { createWorld, DATASET, MTIME, rows, type World } from "../helpers/world.ts";

const NEVER = "0 0 29 2 *";
const SETTLE_MS = 2000;
const manifestOf = (world: World) => world.path("manifests/processed.jsonl");

/** Looks at the manifest at times of the test's choosing; nothing is to be rejected. */
function looksOf(world: World): (now: number) => ReturnType<Ingest> {
  const onRejected = () => Promise.reject(new Error("nothing is to be rejected"));
  const ingest = createIngest({
    store: world.store().ingest,
    settings: world.settings(),
    onRejected,
  });
  return (now) => ingest(DATASET, now);
}

/** Changes bytes of the manifest where they are; the file stays the same one. */
async function overwrite(world: World, bytes: Uint8Array, at: number): Promise<void> {
  const handle = await open(manifestOf(world), "r+");
  await handle.write(bytes, 0, bytes.length, at);
  await handle.close();
}

/** Puts all of a manifest back; the file stays the same one. */
async function makeWhole(world: World, whole: Uint8Array): Promise<void> {
  await overwrite(world, whole, 0);
}

/** A lake of 20 samples whose manifest has been read to its end. */
async function sampled(): Promise<World> {
  const world = await createWorld({ manifest: { settleMs: SETTLE_MS } });
  for (let i = 0; i < 20; i += 1) await world.put(`${i}.csv`, rows(i));
  expect((await world.pass()).summary).toMatchObject({ sampled: 20 });
  return world;
}

test.each([
  ["is empty", () => 0],
  ["ends after a whole line", (whole: Buffer) => whole.indexOf("\n", whole.length >> 1) + 1],
  ["ends within a line", (whole: Buffer) => whole.length - 10],
  ["has lost one byte", (whole: Buffer) => whole.length - 1],
])(
  "a manifest that for a moment %s, again and again, is not read again, and what is new is taken",
  async (_what, sizeOf) => {
    await using world = await sampled();
    const look = looksOf(world);
    for (let round = 0; round < 5; round += 1) {
      const now = 100_000 * (round + 1);
      await world.announce(`new-${round}.csv`);
      const whole = await readFile(manifestOf(world));
      const before = whole.subarray(0, whole.lastIndexOf("\n", whole.length - 2) + 1);
      await truncate(manifestOf(world), sizeOf(before));
      const nothing = { lines: 0, due: 0, rejected: 0 };
      expect(await look(now)).toMatchObject({ ...nothing, unsettledUntil: now + SETTLE_MS });
      expect(await look(now + SETTLE_MS - 1)).toMatchObject(nothing);
      await makeWhole(world, whole);
      const seen = await look(now + SETTLE_MS);
      expect(seen).toMatchObject({ lines: 1, due: 1, unchanged: 0, rejected: 0 });
      expect(seen.reread).toBeUndefined();
    }
  },
);

test("one that stays short for longer is read again, and still nothing is sampled again or lost", async () => {
  await using world = await sampled();
  const before = await world.snapshot(world.path("samples"));
  const look = looksOf(world);
  for (let round = 0; round < 5; round += 1) {
    const now = 100_000 * (round + 1);
    const whole = await readFile(manifestOf(world));
    await truncate(manifestOf(world), 700);
    await look(now);
    expect(await look(now + SETTLE_MS)).toMatchObject({ due: 0, reread: expect.any(String) });
    await makeWhole(world, whole);
    const again = await look(now + 2 * SETTLE_MS);
    expect(again).toMatchObject({ due: 0, rejected: 0 });
    expect(again.reread).toBeUndefined();
    expect(await look(now + 3 * SETTLE_MS)).toMatchObject({ lines: 0 });
  }
  expect((await world.pass()).summary).toMatchObject({ sampled: 0 });
  expect(await world.snapshot(world.path("samples"))).toEqual(before);
});

test("of a raw with several lines the newest is what stays, however short the manifest was for long", async () => {
  await using world = await sampled();
  await world.write("bronze/newer.csv", rows(50));
  await world.announce("0.csv", { bronze: "bronze/newer.csv", mtime: MTIME + 1 });
  await world.pass();
  const look = looksOf(world);
  const whole = await readFile(manifestOf(world));
  await truncate(manifestOf(world), whole.lastIndexOf("\n", whole.length - 2) + 1);
  await look(100_000);
  expect((await look(100_000 + SETTLE_MS)).reread).toBeDefined();
  await makeWhole(world, whole);
  await look(200_000);
  await world.pass();
  expect(world.row("raw/0.csv")).toMatchObject({ mtime: MTIME + 1, outcome: "sampled" });
  expect(String(await world.sample("0_sample.csv"))).toBe(rows(50));
});

test.each([1, 64, 5000])(
  "%d NUL bytes at the end that become lines later: nothing rejected, each line taken once",
  async (size) => {
    await using world = await sampled();
    const look = looksOf(world);
    const { length } = await readFile(manifestOf(world));
    await world.manifest(Buffer.alloc(size));
    for (const now of [100_000, 200_000, 300_000]) {
      expect(await look(now)).toMatchObject({ lines: 0, rejected: 0 });
    }
    const lines = Array.from({ length: 40 }, (_, i) =>
      JSON.stringify({ raw: `raw/late-${i}.csv`, bronze: `bronze/${i}.csv`, mtime: MTIME }),
    );
    await overwrite(world, Buffer.from(`${lines.join("\n")}\n`), length);
    expect(await look(400_000)).toMatchObject({ lines: 40, due: 40, rejected: 0 });
    expect(await look(500_000)).toMatchObject({ lines: 0 });
  },
);

test("a manifest shorter than what is hashed of it is followed, and told from another, like any", async () => {
  await using world = await createWorld();
  await world.write("bronze/a.csv", rows(1));
  const line = (raw: string) => `{"raw":"${raw}","bronze":"bronze/a.csv","mtime":1}\n`;
  await world.manifest(line("a.csv"));
  expect((await readFile(manifestOf(world))).length).toBeLessThan(64);
  expect((await world.pass()).summary).toMatchObject({ lines: 1, sampled: 1 });
  expect((await world.pass()).summary).toMatchObject({ lines: 0 });
  // Another one, of the same inode and size.
  await writeFile(manifestOf(world), line("b.csv"));
  expect((await world.pass()).outcomes).toEqual({ "b.csv": "sampled" });
  await world.manifest(line("c.csv"));
  const { summary, ingested } = await world.pass();
  expect(summary).toMatchObject({ lines: 1, sampled: 1 });
  expect(ingested?.reread).toBeUndefined();
});

test("the daemon takes a manifest that seems to shrink and is whole again for the same one", async () => {
  await using world = await createWorld({ schedule: NEVER, manifest: { settleMs: 60_000 } });
  for (let i = 0; i < 5; i += 1) await world.put(`${i}.csv`, rows(i));
  const daemon = await world.daemon();
  for (let i = 0; i < 5; i += 1) await daemon.logged("sampled", { raw: `raw/${i}.csv` });
  const whole = await readFile(manifestOf(world));
  await world.write("bronze/5.csv", rows(5));
  const looks = daemon.lines.filter(({ msg }) => msg === "pass").length;
  await truncate(manifestOf(world), 100);
  for (let seen = 0; seen <= looks; seen += 1) await daemon.logged("pass");
  const line = JSON.stringify({ raw: "raw/5.csv", bronze: "bronze/5.csv", mtime: MTIME });
  await makeWhole(world, Buffer.concat([whole, Buffer.from(`${line}\n`)]));
  await daemon.logged("sampled", { raw: "raw/5.csv" });
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
  expect(daemon.lines.map(({ msg }) => msg)).not.toContain("manifest read again");
  expect(await world.receipts()).toHaveLength(6);
});
