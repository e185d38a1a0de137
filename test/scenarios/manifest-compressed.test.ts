import { appendFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { withEnd } from "../../src/formats/compressed/decompress.ts";
import { createIngest } from "../../src/sampling/ingest/ingest.ts";
import { createWorld, DATASET, MTIME, type World } from "../helpers/world.ts";

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Files with these numbers, and the manifest lines that announce them. */
async function linesOf(world: World, ...numbers: readonly number[]): Promise<string> {
  let lines = "";
  for (const i of numbers) {
    await world.write(`bronze/${i}.csv`, `v\n${i}\n`);
    const entry = { raw: `raw/${i}.csv`, bronze: `bronze/${i}.csv`, mtime: MTIME };
    lines += `${JSON.stringify(entry)}\n`;
  }
  return lines;
}

async function sampledOf(world: World): Promise<unknown[]> {
  const receipts = await world.receipts();
  return receipts.filter(({ outcome }) => outcome === "sampled").map(({ raw }) => raw);
}

for (const compression of withEnd) {
  const [extension = ""] = compression.extensions;
  for (const name of [`processed.jsonl.1${extension}`, `processed-20260118.jsonl${extension}`]) {
    test(`${name} is read, and audit knows its lines`, async () => {
      await using world = await createWorld();
      const text = await linesOf(world, 0, 1);
      const packed = await buffer(compression.compress(once(Buffer.from(text))));
      await world.write(`manifests/${name}`, packed);
      await world.manifest(await linesOf(world, 2));

      const { summary } = await world.pass();
      expect(summary).toMatchObject({ lines: 3, sampled: 3, rejected: 0 });
      expect((await world.pass()).summary).toMatchObject({ lines: 0, rejected: 0 });
      expect((await world.run(["audit"])).code).toBe(0);
      const check = await world.run(["check", "--json"]);
      expect(JSON.parse(check.stdout)).toMatchObject({ lines: 3, problems: [] });
    });
  }

  test(`${compression.name}: what comes before the end of a file that is cut off is taken`, async () => {
    await using world = await createWorld();
    const text = Buffer.from(await linesOf(world, ...Array.from({ length: 50 }, (_, i) => i)));
    const packed = await buffer(compression.compress(once(text)));
    await world.write(`manifests/processed.jsonl.1${extension}`, packed.subarray(0, -6));
    await world.manifest(await linesOf(world, 50));
    const { summary, rejected } = await world.pass();
    expect(rejected).toMatchObject([{ reason: expect.stringMatching(/^damaged or cut off/) }]);
    expect(summary.errors).toBe(0);
    // A block of zstd is decoded as a whole, and these lines are one.
    expect(await sampledOf(world)).toHaveLength(compression.name === "zst" ? 1 : 51);
  });
}

test("audit names lines of a compressed generation that nobody has read", async () => {
  await using world = await createWorld();
  await world.manifest(await linesOf(world, 0));
  await world.pass();
  await world.write("manifests/processed-20260118.jsonl.gz", gzipSync(await linesOf(world, 1)));
  const audit = await world.run(["audit", "--json"]);
  expect(audit.code).toBe(3);
  expect(audit.stdout).toContain("raw/1.csv");
});

test("generations in a name's middle, and dated ones with a counter, are read", async () => {
  await using world = await createWorld();
  await world.write("manifests/processed.1.jsonl", await linesOf(world, 0));
  await world.write("manifests/processed.2.jsonl.gz", gzipSync(await linesOf(world, 1)));
  await world.write("manifests/processed-20260118.jsonl.1", await linesOf(world, 2));
  await world.manifest(await linesOf(world, 3));
  expect((await world.pass()).summary).toMatchObject({ sampled: 4, rejected: 0 });
});

test("a compression that is not read is refused by name, once, and never taken for text", async () => {
  await using world = await createWorld();
  await world.write("manifests/processed.jsonl.1.br", await linesOf(world, 0));
  await world.write("manifests/processed-20260118.jsonl.Z", await linesOf(world, 1));
  await world.manifest(await linesOf(world, 2));
  const { summary, rejected } = await world.pass();
  expect(summary).toMatchObject({ sampled: 1, rejected: 2, errors: 0 });
  for (const { reason } of rejected) expect(reason).toMatch(/not read; \.gz, .*\.zst, \.xz/);
  expect((await world.pass()).summary).toMatchObject({ rejected: 0 });
  expect((await world.run(["check"])).code).toBe(3);
});

test("bytes after the end of compressed data are told", async () => {
  await using world = await createWorld();
  const packed = gzipSync(await linesOf(world, 0));
  await world.write("manifests/processed.jsonl.1.gz", Buffer.concat([packed, Buffer.from("x\n")]));
  await world.manifest(await linesOf(world, 1));
  const { summary, rejected } = await world.pass();
  expect(summary).toMatchObject({ sampled: 2 });
  expect(rejected).toMatchObject([{ reason: expect.stringMatching(/^damaged or cut off gz/) }]);
});

test("a compressed file beside the plain one that it is made of is not read, cut off or whole", async () => {
  for (const kept of [20, Infinity]) {
    await using world = await createWorld();
    await world.manifest(await linesOf(world, 0));
    await world.pass();
    await rename(
      world.path("manifests/processed.jsonl"),
      world.path("manifests/processed-20260118.jsonl"),
    );
    await world.write("manifests/processed.jsonl.1", await linesOf(world, 1));
    for (const plain of ["processed.jsonl.1", "processed-20260118.jsonl"]) {
      const packed = gzipSync(await readFile(world.path(`manifests/${plain}`)));
      await writeFile(world.path(`manifests/${plain}.gz`), packed.subarray(0, kept));
    }
    await world.manifest(await linesOf(world, 2));
    expect((await world.pass()).summary).toMatchObject({ sampled: 2, rejected: 0, errors: 0 });
    for (const plain of ["processed.jsonl.1", "processed-20260118.jsonl"]) {
      const packed = gzipSync(await readFile(world.path(`manifests/${plain}`)));
      await writeFile(world.path(`manifests/${plain}.gz`), packed);
      await rm(world.path(`manifests/${plain}`));
    }
    await world.manifest(await linesOf(world, 3));
    expect((await world.pass()).summary).toMatchObject({ sampled: 1, rejected: 0, errors: 0 });
    expect((await world.run(["audit"])).code).toBe(0);
  }
});

test("a compressed file that is still written is waited for, and is no bad line", async () => {
  await using world = await createWorld({ manifest: { settleMs: 60_000 } });
  const rejected: unknown[] = [];
  const ingest = createIngest({
    store: world.store().ingest,
    settings: world.settings(),
    onRejected: async (_dataset, lines) => void rejected.push(...lines),
  });
  const packed = gzipSync(await linesOf(world, 0, 1));
  const path = world.path("manifests/processed.jsonl.1.gz");
  await world.write("manifests/processed.jsonl.1.gz", packed.subarray(0, 30));
  await world.manifest(await linesOf(world, 2));
  expect(await ingest(DATASET, 1000)).toMatchObject({ unsettledUntil: 61_000 });
  await appendFile(path, packed.subarray(30, 40));
  expect(await ingest(DATASET, 61_000)).toMatchObject({ unsettledUntil: 121_000 });
  await appendFile(path, packed.subarray(40));
  expect(await ingest(DATASET, 121_000)).not.toHaveProperty("unsettledUntil");
  expect(world.rows()).toHaveLength(3);
  expect(rejected).toEqual([]);
});

test("a compressed file that grew after it was given up is read again", async () => {
  await using world = await createWorld();
  const packed = gzipSync(await linesOf(world, 0, 1));
  const path = world.path("manifests/processed.jsonl.1.gz");
  await world.write("manifests/processed.jsonl.1.gz", packed.subarray(0, 30));
  await world.manifest(await linesOf(world, 2));
  expect((await world.pass()).summary).toMatchObject({ sampled: 1, rejected: 1 });
  await appendFile(path, packed.subarray(30));
  await world.manifest(await linesOf(world, 3));
  const { summary, ingested } = await world.pass();
  expect(ingested?.reread).toMatch(/not as long as/);
  expect(summary).toMatchObject({ sampled: 3, rejected: 0 });
  expect((await world.pass()).summary).toMatchObject({ lines: 0 });
});

test("a compressed generation that has the inode of an empty one is not taken for that one", async () => {
  await using world = await createWorld();
  const at = (name: string) => world.path(`manifests/${name}`);
  const older = await linesOf(world, 0);
  await world.manifest(older);
  await rename(at("processed.jsonl"), at("processed.jsonl.2"));
  await writeFile(at("processed.jsonl.1"), "");
  await world.announce("0.csv", { mtime: MTIME + 1 });
  expect((await world.pass()).summary).toMatchObject({ sampled: 1 });
  // As a file system does that gives a freed inode to the next file.
  await writeFile(at("processed.jsonl.1"), gzipSync(older));
  await rename(at("processed.jsonl.1"), at("processed.jsonl.2.gz"));
  await rm(at("processed.jsonl.2"));
  expect((await world.pass()).summary).toMatchObject({ lines: 0, sampled: 0 });
  expect((await world.pass()).summary).toMatchObject({ lines: 0, sampled: 0 });
});
