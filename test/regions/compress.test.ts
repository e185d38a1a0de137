import { DeleteBucketPolicyCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { randomBytes } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { whyNoRgw } from "../helpers/rgw.ts";
import { startProxy } from "../helpers/tcp-proxy.ts";
import { killedUpload, partBytesIn } from "./killed-upload.ts";
import { bytesOf, sha256Of } from "./stored.ts";
import { keysOf, startTwoRegions, type TwoRegions, uploadsIn } from "./two-regions.ts";

if (whyNoRgw !== undefined) process.stdout.write(`nothing is sent compressed: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);

/** The smallest part that stores take. */
const PART_BYTES = 5 * 1024 ** 2;
const codecs = [
  ["gzip", ".gz", gunzipSync],
  ["zstd", ".zst", zstdDecompressSync],
] as const;

let here: TwoRegions;
beforeAll(async () => {
  if (whyNoRgw === undefined) here = await startTwoRegions();
});
afterAll(() => here?.[Symbol.asyncDispose]());

const linesOf = (bytes: Buffer) =>
  bytes
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

there.each(codecs)("a file in parts is stored as %s, and comes back as it was", async (...each) => {
  const [codec, suffix, decompressed] = each;
  await here.configure({ staging: { partBytes: PART_BYTES } });
  // Half of it cannot be compressed: its size is known at its end only, and it has several parts.
  const rows = Buffer.from("a,b,c,1,2,3\n".repeat(1_000_000));
  const file = Buffer.concat([rows, randomBytes(2 * PART_BYTES)]);
  const path = await here.write(`half-${codec}.csv`, file);
  const args = ["upload", path, "--regions", "east,west", "--compress", codec];
  const plan = await here.json(...args, "--dry-run");
  expect(plan).toMatchObject({ size_bytes: file.length, compression: codec });
  const done = await here.json(...args);
  const id = done["staging_id"] as string;
  const own = { size_bytes: file.length, sha256: sha256Of(file), compression: codec };
  expect(done).toMatchObject({ ...own, state: "complete" });
  const name = `half-${codec}.csv`;
  for (const bucket of [here.east, here.west]) {
    const names = ["_files.jsonl", "_staging.json", `${name}${suffix}`];
    expect(await keysOf(bucket, id)).toEqual(names);
    const stored = await bytesOf(bucket, `${id}/${name}${suffix}`);
    expect(stored.length).toBe(done["stored_bytes"]);
    expect(stored.length).toBeLessThan(2.2 * PART_BYTES);
    expect(sha256Of(decompressed(stored))).toBe(sha256Of(file));
    expect(linesOf(await bytesOf(bucket, `${id}/_files.jsonl`))).toMatchObject([
      {
        path: name,
        bytes: file.length,
        sha256: sha256Of(file),
        compression: codec,
        stored: { bytes: stored.length, sha256: sha256Of(stored) },
        part_bytes: PART_BYTES,
      },
    ]);
  }
  expect((await here.stage(["info", id])).stdout).toContain(`Stored: ${codec}, `);
  const target = join(here.root, `got-${codec}`);
  await here.json("download", id, "--dest", target, "--region", "west");
  expect(sha256Of(await readFile(target))).toBe(sha256Of(file));
  expect(await here.json("download", id, "--dest", target)).toMatchObject({ was_there: true });
});

there.each(codecs)("a tree is stored as %s, file by file", async (codec, suffix) => {
  // One that is compressed already, one that becomes a thousandth, one that has nothing.
  const files: Record<string, Buffer> = {
    "a.csv": Buffer.from("a,b\n1,2\n"),
    "a.csv.gz": randomBytes(1000),
    "dir/zeros": Buffer.alloc(12 * 1024 ** 2),
    empty: Buffer.alloc(0),
  };
  for (const [name, bytes] of Object.entries(files)) await here.write(`${codec}/${name}`, bytes);
  const path = join(here.root, codec);
  const args = ["upload", path, "--regions", "east,west", "--compress", codec];
  const done = await here.json(...args);
  const id = done["staging_id"] as string;
  const names = Object.keys(files).map((name) => `${name}${suffix}`);
  const keys = [...names, "_files.jsonl", "_staging.json"].toSorted();
  expect((await keysOf(here.west, id)).toSorted()).toEqual(keys);
  const target = join(here.root, `tree-${codec}`);
  await here.json("download", id, "--dest", target, "--region", "west");
  for (const [name, bytes] of Object.entries(files))
    expect((await readFile(join(target, name))).equals(bytes), name).toBe(true);
});

there.each(codecs)("after a kill an upload as %s goes on", async (codec) => {
  const big = randomBytes(6 * PART_BYTES + 1000);
  const path = await here.write(`killed-${codec}`, big);
  await here.configure({ staging: { partBytes: PART_BYTES, bytesPerSecond: 2 * PART_BYTES } });
  const id = await killedUpload(
    here,
    [path, "--compress", codec],
    async () => (await partBytesIn(here.east)) >= 2 * PART_BYTES,
  );
  const kept = await partBytesIn(here.east);
  await using proxy = await startProxy(here.urls.east, () => undefined);
  await here.configure({ east: proxy.url, staging: { partBytes: PART_BYTES } });
  const done = await here.json("resume", id);
  const compression = codec;
  expect(done).toMatchObject({ state: "complete", sha256: sha256Of(big), compression });
  expect(proxy.sentBytes()).toBeLessThan(big.length - kept + 200_000);
  expect([await uploadsIn(here.east), await uploadsIn(here.west)]).toEqual([0, 0]);
  const target = join(here.root, `resumed-${codec}`);
  await here.configure({});
  await here.json("download", id, "--dest", target, "--region", "east");
  expect((await readFile(target)).equals(big)).toBe(true);
});

there("after a resume only what the source has is there", async () => {
  for (const name of ["a", "gone", "gone.gz"]) await here.write(`some/${name}`, name);
  const path = join(here.root, "some");
  const { client, name: Bucket } = here.east;
  const Resource = `arn:aws:s3:::${Bucket}/*/_files.jsonl`;
  const deny = { Effect: "Deny", Principal: "*", Action: "s3:PutObject", Resource };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [deny] });
  await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  const args = ["upload", path, "--regions", "east", "--compress", "gzip"];
  const failed = await here.stage(args);
  await client.send(new DeleteBucketPolicyCommand({ Bucket }));
  const [id = ""] = /stage-[0-9a-f]{12}/.exec(failed.stderr) ?? [];
  const names = ["_staging.json", "a.gz", "gone.gz", "gone.gz.gz"];
  expect([failed.code, await keysOf(here.east, id)]).toEqual([1, names]);
  await rm(join(path, "gone"));
  expect(await here.json("resume", id)).toMatchObject({ state: "complete", file_count: 2 });
  const left = ["_files.jsonl", "_staging.json", "a.gz", "gone.gz.gz"];
  expect(await keysOf(here.east, id)).toEqual(left);
});

there("an object that has another file in it brings nothing", async () => {
  const path = await here.write("swapped", "one");
  const done = await here.json("upload", path, "--regions", "east", "--compress", "gzip");
  const id = done["staging_id"] as string;
  const [line] = linesOf(await bytesOf(here.east, `${id}/_files.jsonl`));
  const list = `${JSON.stringify({ ...line, sha256: sha256Of(Buffer.from("two")) })}\n`;
  await here.east.put(`${id}/_files.jsonl`, list);
  await here.change(here.east, id, { files_sha256: sha256Of(Buffer.from(list)) });
  const target = join(here.root, "swapped-got");
  const { code, stderr } = await here.stage(["download", id, "--dest", target]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("CHECKSUM_MISMATCH")]);
  await expect(readFile(target)).rejects.toMatchObject({ code: "ENOENT" });
});
