import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { packers } from "../../fixtures/compressors.ts";
import { tarOf } from "../../fixtures/tar-blocks.ts";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { createWorld, run, type World } from "../helpers/world.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
const fixtures = join(import.meta.dirname, "../../fixtures");
/** Calls that bring a file's bytes into the process, or past it into another file. */
const reading = [
  "read",
  "pread64",
  "readv",
  "preadv",
  "preadv2",
  "mmap",
  "sendfile",
  "copy_file_range",
  "splice",
];
/** With paths of descriptors, without what was read, and a log for each thread: whole lines. */
const flags = ["-ff", "--seccomp-bpf", "-qq", "-y", "-s", "0", "-e", "signal=none"];

const whyNot = whyNoStrace();
if (whyNot !== undefined) process.stdout.write(`bytes read are not compared: ${whyNot}\n`);

function whyNoStrace(): string | undefined {
  const probe = ["-f", "--seccomp-bpf", "-y", "-e", "trace=read", "-o", "/dev/null", "true"];
  const tried = spawnSync("strace", probe);
  if (tried.error !== undefined) return "strace is not installed";
  return tried.status === 0 ? undefined : `strace cannot trace: ${String(tried.stderr).trim()}`;
}

/** Lines of numbers, this many, which do not compress to nothing. */
function lines(count: number, line: (id: number, number: number) => string): string {
  return Array.from({ length: count }, (_, i) => line(i, (i * 2_654_435_761) % 2 ** 32)).join("");
}

function csv(count: number): string {
  return `id,number\n${lines(count, (id, number) => `${id},${number}\n`)}`;
}

function jsonl(count: number): string {
  return lines(count, (id, number) => `{"id":${id},"number":${number}}\n`);
}

/** By name: small files, files of megabytes that are read in part, and files that fail. */
function files(): Readonly<Record<string, string | Uint8Array>> {
  const large = csv(200_000);
  const members = ["a.csv", "b.csv", "c.csv", "d.csv"];
  const tar = tarOf(members.map((name) => ({ name, data: csv(50_000) })));
  const zip = zipOf(members.map((name) => ({ name, data: csv(50_000), method: 8 })));
  const gz = packers.gz(large);
  return {
    "small.csv": csv(5),
    "empty.csv": "",
    "large.csv": large,
    "large.jsonl": jsonl(100_000),
    "array.json": `[${jsonl(100_000).trimEnd().replaceAll("\n", ",\n")}]`,
    "object.json": `{"data":[${jsonl(20_000).trimEnd().replaceAll("\n", ",")}],"end":true}`,
    "plain-object.json": `{${lines(100_000, (id, number) => `"${id}":${number},`)}"end":true}`,
    "large.txt": large,
    "long-lines.txt": `${"x".repeat(400_000)}\n`.repeat(10),
    "large.csv.gz": gz,
    "large.csv.zst": packers.zst(large),
    "large.csv.bz2": packers.bz2(large),
    "large.csv.xz": packers.xz(csv(20_000)),
    "large.csv.lz4": packers.lz4(large),
    "parts.zip": zip,
    "parts.tar": tar,
    "parts.tar.gz": packers.gz(tar),
    "model.bin": Buffer.alloc(200_000, 1),
    "really-gz.csv": gz,
    "cut-off.csv.gz": gz.subarray(0, 500),
    "damaged.csv.gz": Buffer.concat([gz.subarray(0, 10), Buffer.alloc(300_000, 0xff)]),
    "damaged.zip": zip.subarray(0, -100),
    ...Object.fromEntries(
      [
        "xlsx/rows-101.xlsx",
        "orc/zlib.orc",
        "arrow/long-kinds.arrow",
        "avro/everything.avro",
        "avro/large-record.avro",
        "parquet/many-pages.parquet",
        "parquet/long-metadata.parquet",
        "parquet/truncated.parquet",
      ].map((path) => [basename(path), readFileSync(join(fixtures, path))]),
    ),
  };
}

/** Two row groups, a few megabytes. */
async function makeParquet(path: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT i AS id, hash(i) AS number, 'row ' || hash(i) AS text FROM range(200000) t(i))
     TO '${path}' (FORMAT parquet, CODEC zstd, ROW_GROUP_SIZE 122880)`,
  );
  connection.closeSync();
  instance.closeSync();
}

/** A lake of some files, and one more that is announced, but not there. */
async function lakeOf(contents: Readonly<Record<string, string | Uint8Array>>): Promise<World> {
  const world = await createWorld();
  for (const [name, bytes] of Object.entries(contents)) await world.put(name, bytes);
  await world.announce("gone.csv");
  return world;
}

/** One pass of the real program; bytes that the kernel says were read, by the name of the file. */
async function readInPass(world: World): Promise<ReadonlyMap<string, number>> {
  world.close();
  const trace = join(world.root, "trace");
  const strace = ["strace", ...flags, "-e", `trace=${reading.join(",")}`, "-o", trace];
  const { code } = await run([...strace, process.execPath, main, "run", "--once"], world.config);
  expect(code).toBe(3);

  const bronze = `<${world.path("bronze")}/`;
  const read = new Map<string, number>();
  for (const log of readdirSync(world.root).filter((name) => name.startsWith("trace."))) {
    for (const line of readFileSync(join(world.root, log), "utf8").split("\n")) {
      const at = line.indexOf(bronze);
      if (at === -1) continue;
      const name = line.slice(at + bronze.length, line.indexOf(">", at));
      const call = /^(?:read|pread64|readv|preadv2?)\(.* = (\d+)$/.exec(line);
      expect(call, `a way to read that is not counted here: ${line}`).not.toBeNull();
      read.set(name, (read.get(name) ?? 0) + Number(call?.[1]));
    }
  }
  return read;
}

/** Runs a pass and holds what each receipt says against what the kernel saw. */
async function expectTrueReceipts(world: World): Promise<readonly Record<string, unknown>[]> {
  const read = await readInPass(world);
  const receipts = await world.receipts();
  const said = receipts.map(({ bronze, readBytes }) => [basename(String(bronze)), readBytes]);
  const seen = said.map(([name]) => [name, read.get(String(name)) ?? 0]);
  expect(Object.fromEntries(said)).toEqual(Object.fromEntries(seen));
  expect([...read.keys()].filter((name) => !said.some(([each]) => each === name))).toEqual([]);
  const failed = receipts.filter(({ outcome }) => outcome === "failed").length;
  const bytes = [...read.values()].reduce((sum, each) => sum + each, 0);
  process.stdout.write(
    `bytes read: ${receipts.length} receipts compared, ${failed} of failures, ${bytes} bytes\n`,
  );
  return receipts;
}

test.skipIf(whyNot !== undefined)(
  "each receipt says to the byte what the kernel saw read from the bronze file",
  async () => {
    const contents = files();
    await using world = await lakeOf(contents);
    await makeParquet(world.path("bronze/table.parquet"));
    await world.announce("table.parquet");
    const receipts = await expectTrueReceipts(world);
    expect(receipts).toHaveLength(Object.keys(contents).length + 2);
    const failed = receipts.filter(({ outcome }) => outcome === "failed");
    expect(failed.map(({ raw }) => basename(String(raw))).toSorted()).toEqual([
      "damaged.csv.gz",
      "damaged.zip",
      "gone.csv",
      "truncated.parquet",
    ]);
  },
);

test.skipIf(whyNot !== undefined)(
  "what was read before a sample had to have another name is in its receipt as well",
  async () => {
    await using world = await lakeOf({
      "binary.csv": Buffer.alloc(200_000, 1),
      "endless-line.txt": "x".repeat(9 * 1024 ** 2),
      "binary.csv.gz": packers.gz(Buffer.alloc(200_000, 1)),
    });
    expect(await expectTrueReceipts(world)).toHaveLength(4);
  },
);
