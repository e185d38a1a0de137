import {
  copyFile,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { createIngest } from "../../src/sampling/ingest/ingest.ts";
import { createWorld, DATASET, MTIME, type World } from "../helpers/world.ts";

/** Files `first` to `last` - 1, announced to whatever the manifest is now. */
async function produce(
  world: World,
  first: number,
  last: number,
  manifest?: string,
): Promise<void> {
  for (let i = first; i < last; i += 1) {
    await world.write(`bronze/${i}.csv`, `v\n${i}\n`);
    if (manifest === undefined) await world.announce(`${i}.csv`);
    else await appendTo(world, manifest, i);
  }
}

async function appendTo(world: World, manifest: string, i: number): Promise<void> {
  const line = JSON.stringify({ raw: `raw/${i}.csv`, bronze: `bronze/${i}.csv`, mtime: MTIME });
  await writeFile(world.path(`manifests/${manifest}`), `${line}\n`, { flag: "a" });
}

function rotate(world: World, to: string, from = "processed.jsonl"): Promise<void> {
  return rename(world.path(`manifests/${from}`), world.path(`manifests/${to}`));
}

/** A time that only goes up, so that generations have an age even when made in one moment. */
function age(world: World, manifest: string, seconds: number): Promise<void> {
  return utimes(world.path(`manifests/${manifest}`), MTIME + seconds, MTIME + seconds);
}

async function expectSampledOnce(world: World, count: number): Promise<void> {
  const receipts = await world.receipts();
  const raws = receipts.map(({ raw }) => raw as string);
  const expected = Array.from({ length: count }, (_, i) => `raw/${i}.csv`);
  expect(raws.toSorted()).toEqual(expected.toSorted());
}

test("a manifest that was renamed is read to its end before the new one", async () => {
  await using world = await createWorld();
  await produce(world, 0, 3);
  await world.pass();
  await produce(world, 3, 5);
  await rotate(world, "processed.jsonl.1");
  await produce(world, 5, 8);
  const { summary, ingested } = await world.pass();
  expect(summary).toMatchObject({ lines: 5, sampled: 5, unchanged: 0 });
  expect(ingested?.reread).toBeUndefined();
  await expectSampledOnce(world, 8);
});

test("lines that come late to a renamed manifest are taken", async () => {
  await using world = await createWorld();
  await produce(world, 0, 2);
  await world.pass();
  await rotate(world, "processed.jsonl.1");
  await produce(world, 2, 3);
  expect((await world.pass()).summary.sampled).toBe(1);
  await produce(world, 3, 5, "processed.jsonl.1");
  expect((await world.pass()).summary).toMatchObject({ lines: 2, sampled: 2 });
  await produce(world, 5, 6, "processed.jsonl.1");
  await produce(world, 6, 7);
  expect((await world.pass()).summary).toMatchObject({ lines: 2, sampled: 2 });
  await expectSampledOnce(world, 7);
});

test("while there is no new manifest yet, the renamed one goes on", async () => {
  await using world = await createWorld();
  await produce(world, 0, 2);
  await world.pass();
  await rotate(world, "processed-20260118.jsonl");
  expect((await world.pass()).summary).toMatchObject({ lines: 0, errors: 0 });
  await produce(world, 2, 3, "processed-20260118.jsonl");
  expect((await world.pass()).summary).toMatchObject({ lines: 1, sampled: 1 });
  await produce(world, 3, 4);
  expect((await world.pass()).summary).toMatchObject({ lines: 1, sampled: 1 });
  await expectSampledOnce(world, 4);
});

test("generations that came and went while nobody looked are read, compressed ones too", async () => {
  await using world = await createWorld();
  await produce(world, 0, 2);
  await world.pass();
  await produce(world, 2, 3);
  await rotate(world, "processed.jsonl.3");
  await age(world, "processed.jsonl.3", 1);
  await produce(world, 3, 5);
  await rotate(world, "processed.jsonl.2");
  const plain = await readFile(world.path("manifests/processed.jsonl.2"));
  await writeFile(world.path("manifests/processed.jsonl.2.gz"), gzipSync(plain));
  await rm(world.path("manifests/processed.jsonl.2"));
  await age(world, "processed.jsonl.2.gz", 2);
  await produce(world, 5, 7);
  await rotate(world, "processed.jsonl.1");
  await age(world, "processed.jsonl.1", 3);
  await produce(world, 7, 9);
  const { summary } = await world.pass();
  expect(summary).toMatchObject({ lines: 7, sampled: 7, errors: 0 });
  await expectSampledOnce(world, 9);
  expect((await world.pass()).summary).toMatchObject({ lines: 0 });
});

test("generations of one and the same moment are all read", async () => {
  await using world = await createWorld();
  await produce(world, 0, 2);
  await world.pass();
  await rotate(world, "processed.jsonl.2");
  await produce(world, 2, 4);
  await rotate(world, "processed.jsonl.1");
  await age(world, "processed.jsonl.2", 5);
  await age(world, "processed.jsonl.1", 5);
  await produce(world, 4, 5);
  expect((await world.pass()).summary).toMatchObject({ sampled: 3 });
  await expectSampledOnce(world, 5);
});

test("an older generation never undoes what a newer one said", async () => {
  await using world = await createWorld();
  await world.put("a.csv", "v\nold\n", { bronze: "bronze/old.csv", mtime: MTIME });
  await rotate(world, "processed.jsonl.1");
  await age(world, "processed.jsonl.1", 1);
  await world.put("a.csv", "v\nnew\n", { bronze: "bronze/new.csv", mtime: MTIME + 5 });
  await world.pass();
  expect((await world.sample("a_sample.csv")).toString()).toBe("v\nnew\n");
  await rm(world.path("manifests/processed.jsonl"));
  await world.put("a.csv", "v\nnew\n", { bronze: "bronze/new.csv", mtime: MTIME + 5 });
  await world.put("b.csv", "v\n1\n");
  expect((await world.pass()).outcomes).toEqual({ "raw/b.csv": "sampled" });
  expect((await world.sample("a_sample.csv")).toString()).toBe("v\nnew\n");
});

test("copy and truncate loses nothing that was in the copy", async () => {
  await using world = await createWorld();
  const manifest = world.path("manifests/processed.jsonl");
  await produce(world, 0, 3);
  await world.pass();
  await produce(world, 3, 5);
  await copyFile(manifest, `${manifest}.1`);
  await truncate(manifest, 0);
  const { ingested } = await world.pass();
  expect(ingested?.reread).toBeDefined();
  await expectSampledOnce(world, 5);
  await produce(world, 5, 6);
  expect((await world.pass()).summary).toMatchObject({ lines: 1, sampled: 1 });
  await expectSampledOnce(world, 6);
});

test("a manifest that was truncated and grew past the checkpoint again is noticed", async () => {
  await using world = await createWorld();
  await produce(world, 0, 2);
  await world.pass();
  await truncate(world.path("manifests/processed.jsonl"), 0);
  await produce(world, 2, 8);
  const { summary, ingested } = await world.pass();
  expect(ingested?.reread).toMatch(/bytes before the checkpoint/);
  expect(summary).toMatchObject({ sampled: 6 });
  await expectSampledOnce(world, 8);
});

test("a manifest that was deleted and made anew is read from its start", async () => {
  await using world = await createWorld();
  const manifest = world.path("manifests/processed.jsonl");
  await produce(world, 0, 2);
  await world.pass();
  await rm(manifest);
  expect((await world.pass()).summary).toMatchObject({ lines: 0, sampled: 0 });
  await produce(world, 2, 4);
  expect((await world.pass()).summary).toMatchObject({ sampled: 2 });
  await expectSampledOnce(world, 4);
});

test("a new manifest with the old one's inode is told by its bytes", async () => {
  await using world = await createWorld();
  const manifest = world.path("manifests/processed.jsonl");
  await produce(world, 0, 2);
  await world.pass();
  const { ino, size } = await stat(manifest);
  // The same inode on every file system: it is overwritten, not replaced.
  await writeFile(manifest, "");
  await produce(world, 2, 4);
  await truncate(manifest, (await stat(manifest)).size);
  expect(await stat(manifest)).toMatchObject({ ino, size });
  expect((await world.pass()).summary).toMatchObject({ sampled: 2 });
  await expectSampledOnce(world, 4);
});

test("a smaller size alone proves nothing", async () => {
  await using world = await createWorld({ manifest: { settleMs: 60_000 } });
  const manifest = world.path("manifests/processed.jsonl");
  await produce(world, 0, 2);
  await world.pass();
  const ingest = createIngest({
    store: world.store().ingest,
    settings: world.settings(),
    onRejected: async () => undefined,
  });
  const whole = await readFile(manifest);
  await truncate(manifest, 10);
  expect(await ingest(DATASET, 1000)).toMatchObject({ lines: 0, unsettledUntil: 61_000 });
  await writeFile(manifest, whole);
  const seen = await ingest(DATASET, 90_000);
  expect(seen).toMatchObject({ lines: 0 });
  expect(seen.reread).toBeUndefined();
  await truncate(manifest, 10);
  expect((await ingest(DATASET, 100_000)).reread).toBeUndefined();
  expect((await ingest(DATASET, 159_999)).reread).toBeUndefined();
  expect((await ingest(DATASET, 160_000)).reread).toBeDefined();
});

test("a manifest that is only there compressed is read once, not with every pass", async () => {
  await using world = await createWorld();
  const manifest = world.path("manifests/processed.jsonl");
  await produce(world, 0, 2);
  await world.manifest("this is no entry\n");
  await produce(world, 2, 3);
  await world.pass();
  await writeFile(`${manifest}.1.gz`, gzipSync(await readFile(manifest)));
  await rm(manifest);
  await world.pass();
  const { length } = await world.receipts();
  expect((await world.pass()).summary).toMatchObject({ lines: 0, rejected: 0 });
  expect((await world.pass()).summary).toMatchObject({ lines: 0, rejected: 0 });
  expect(await world.receipts()).toHaveLength(length);
  await produce(world, 3, 5);
  expect((await world.pass()).summary).toMatchObject({ sampled: 2 });
});

test("a manifest that was renamed while it is read again from the start goes on from its end", async () => {
  await using world = await createWorld();
  const manifest = world.path("manifests/processed.jsonl");
  await produce(world, 0, 3);
  await world.pass();
  await world.put("0.csv", "v\n0\n", { mtime: MTIME + 1 });
  await world.pass();
  await truncate(manifest, 0);
  await produce(world, 0, 3);
  await world.put("0.csv", "v\n0\n", { mtime: MTIME + 1 });
  await truncate(manifest, (await stat(manifest)).size - 1);
  await world.manifest(" \n");
  await rotate(world, "processed.jsonl.1");
  await world.pass();
  expect((await world.pass()).summary).toMatchObject({ lines: 0, sampled: 0 });
  await produce(world, 3, 4);
  expect((await world.pass()).summary).toMatchObject({ lines: 1, sampled: 1 });
});

test("a compressed generation that is damaged is a bad line, and the rest goes on", async () => {
  await using world = await createWorld();
  await produce(world, 0, 1);
  await world.pass();
  await rotate(world, "processed.jsonl.2");
  await age(world, "processed.jsonl.2", 1);
  await writeFile(
    world.path("manifests/processed.jsonl.1.gz"),
    gzipSync("x".repeat(5000)).subarray(0, 20),
  );
  await produce(world, 1, 3);
  const { summary, rejected } = await world.pass();
  expect(summary).toMatchObject({ sampled: 2, errors: 0 });
  expect(rejected).toMatchObject([
    { path: "processed.jsonl.1.gz", reason: expect.stringContaining("damaged") },
  ]);
});

test("manifest.start: end takes only what comes after the first sight", async () => {
  await using world = await createWorld({ manifest: { start: "end", settleMs: 10 } });
  await produce(world, 0, 3);
  await rotate(world, "processed.jsonl.1");
  await produce(world, 3, 5);
  expect((await world.pass()).summary).toMatchObject({ lines: 0, sampled: 0 });
  await produce(world, 5, 7);
  world.close();
  expect((await world.pass()).summary).toMatchObject({ lines: 2, sampled: 2 });
  expect((await world.receipts()).map(({ raw }) => raw).toSorted()).toEqual([
    "raw/5.csv",
    "raw/6.csv",
  ]);
});

test("manifest.start: end skips a past of which only renamed files are left", async () => {
  await using world = await createWorld({ manifest: { start: "end", settleMs: 10 } });
  await produce(world, 0, 2);
  await rotate(world, "processed.jsonl.2");
  await age(world, "processed.jsonl.2", 1);
  await writeFile(
    world.path("manifests/processed.jsonl.1.gz"),
    gzipSync('{"raw":"x","bronze":"y","mtime":1}\n'),
  );
  await age(world, "processed.jsonl.1.gz", 2);
  expect((await world.pass()).summary).toMatchObject({ lines: 0, sampled: 0 });
  expect((await world.pass()).summary).toMatchObject({ lines: 0, sampled: 0 });
  await produce(world, 2, 4);
  expect((await world.pass()).summary).toMatchObject({ lines: 2, sampled: 2 });
});

test("a dataset of which only a compressed manifest is there is read once", async () => {
  await using world = await createWorld();
  await world.write("bronze/a.csv", "v\n1\n");
  const line = JSON.stringify({ raw: "raw/a.csv", bronze: "bronze/a.csv", mtime: MTIME });
  await world.write("manifests/processed.jsonl.1.gz", gzipSync(`bad\n${line}\nworse\n`));
  expect((await world.pass()).summary).toMatchObject({ lines: 1, sampled: 1, rejected: 2 });
  expect((await world.pass()).summary).toMatchObject({ lines: 0, rejected: 0 });
  expect(await world.receipts()).toHaveLength(3);
});

test("a generation with the inode of one that was read is not taken for that one", async () => {
  await using world = await createWorld();
  await produce(world, 0, 1);
  await world.pass();
  await rotate(world, "processed-1.jsonl");
  await produce(world, 1, 2);
  await world.pass();
  // The inode of the first generation goes to the third, whatever the file system does with freed
  // ones: its bytes are written over.
  const first = await readFile(world.path("manifests/processed-1.jsonl"));
  await writeFile(world.path("manifests/processed-1.jsonl.gz"), gzipSync(first));
  await rotate(world, "processed-3.jsonl", "processed-1.jsonl");
  await truncate(world.path("manifests/processed-3.jsonl"));
  await produce(world, 2, 3, "processed-3.jsonl");
  await rotate(world, "processed-2.jsonl");
  await produce(world, 3, 4);
  await world.pass();
  await world.pass();
  await expectSampledOnce(world, 4);
});

test("a generation that is compressed late does not undo what came after it", async () => {
  await using world = await createWorld();
  await world.put("x.csv", "v\nold\n", { mtime: MTIME });
  await world.pass();
  await rotate(world, "processed.jsonl.1");
  await world.put("x.csv", "v\nnew\n", { mtime: MTIME + 1 });
  await world.pass();
  const first = await readFile(world.path("manifests/processed.jsonl.1"));
  await rm(world.path("manifests/processed.jsonl.1"));
  await writeFile(world.path("manifests/processed.jsonl.2.gz"), gzipSync(first));
  await rotate(world, "processed.jsonl.1");
  await produce(world, 0, 1);
  await world.pass();
  await world.pass();
  expect(String(await world.sample("x_sample.csv"))).toBe("v\nnew\n");
});

test("names tell the order of generations where their times do not", async () => {
  await using world = await createWorld();
  await world.put("x.csv", "v\nold\n", { mtime: MTIME });
  await rotate(world, "processed-2026-01-01.jsonl");
  await world.put("x.csv", "v\nnew\n", { mtime: MTIME + 1 });
  await rotate(world, "processed-2026-01-02.jsonl");
  await age(world, "processed-2026-01-02.jsonl", 1);
  await age(world, "processed-2026-01-01.jsonl", 9);
  await produce(world, 0, 1);
  await world.pass();
  expect(world.row("raw/x.csv")).toMatchObject({ mtime: MTIME + 1, outcome: "sampled" });
});
