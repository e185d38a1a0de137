import {
  DeleteBucketPolicyCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
} from "@aws-sdk/client-s3";
import { createHash, randomBytes } from "node:crypto";
import { appendFile, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { whyNoRgw } from "../helpers/rgw.ts";
import { startProxy } from "../helpers/tcp-proxy.ts";
import { killedUpload, partBytesIn, uploadUntil } from "./killed-upload.ts";
import { startTwoRegions, type TwoRegions, uploadsIn } from "./two-regions.ts";

if (whyNoRgw !== undefined) process.stdout.write(`no upload is resumed: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);

/** The smallest part that stores take. */
const PART_BYTES = 5 * 1024 ** 2;
const big = randomBytes(8 * PART_BYTES + 1000);
const sha256 = createHash("sha256").update(big).digest("hex");

let here: TwoRegions;
beforeAll(async () => {
  if (whyNoRgw === undefined) here = await startTwoRegions();
});
afterAll(() => here?.[Symbol.asyncDispose]());

there("after a kill only what the store does not have is sent", async () => {
  const path = await here.write("killed.bin", big);
  await here.configure({ staging: { partBytes: PART_BYTES, bytesPerSecond: 2 * PART_BYTES } });
  const id = await killedUpload(
    here,
    [path],
    async () => (await partBytesIn(here.east)) >= 2 * PART_BYTES,
  );
  expect(await here.json("info", id)).toMatchObject({ state: "uploading", sha256: null });
  const early = await here.stage(["download", id, "--dest", join(here.root, "early")]);
  expect([early.code, early.stderr]).toEqual([1, expect.stringContaining("complete in no region")]);
  const kept = await partBytesIn(here.east);
  await using proxy = await startProxy(here.urls.east, () => undefined);
  await here.configure({ east: proxy.url, staging: { partBytes: PART_BYTES } });
  const done = await here.json("resume", id);
  expect(done).toMatchObject({ staging_id: id, state: "complete", sha256 });
  expect(proxy.sentBytes()).toBeLessThan(big.length - kept + 100_000);
  expect([await uploadsIn(here.east), await uploadsIn(here.west)]).toEqual([0, 0]);
  const target = join(here.root, "got");
  await here.json("download", id, "--dest", target, "--region", "west");
  expect((await readFile(target)).equals(big)).toBe(true);
  const again = await here.stage(["resume", id]);
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("is complete")]);
});

there("what was copied in part goes on without the files", async () => {
  const names = ["a", "b", "c"];
  for (const name of names) await here.write(`some/${name}`, name);
  await here.write("some/big", big.subarray(0, PART_BYTES + 1));
  const path = join(here.root, "some");
  // The west says nothing any more once it has been told of the staging.
  await using proxy = await startProxy(here.urls.west, (n) =>
    n === 0 ? { how: "stall", afterBytes: 1200 } : { how: "stall", afterBytes: 0 },
  );
  await here.configure({ west: proxy.url, staging: { partBytes: PART_BYTES } });
  const id = await killedUpload(here, [path], async (each) => {
    const { Body } = await here.east.client.send(
      new GetObjectCommand({ Bucket: here.east.name, Key: `${each}/_staging.json` }),
    );
    return JSON.parse((await Body?.transformToString()) ?? "").state === "complete";
  });
  await here.configure({});
  expect(await here.json("info", id)).toMatchObject({
    state: "replicating",
    regions: [{ state: "complete" }, { state: "replicating" }],
  });
  await rm(path, { recursive: true });
  expect(await here.json("resume", id)).toMatchObject({ state: "complete", file_count: 4 });
  const target = join(here.root, "some-got");
  await here.json("download", id, "--dest", target, "--region", "west");
  for (const name of names) expect(await readFile(join(target, name), "utf8")).toBe(name);
});

there("a region that fails is told, does not stop the other, and is resumed", async () => {
  const path = await here.write("failing", "x");
  const { client, name: Bucket } = here.west;
  const Resource = `arn:aws:s3:::${Bucket}/*/failing`;
  const deny = { Effect: "Deny", Principal: "*", Action: "s3:PutObject", Resource };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [deny] });
  await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  const failed = await here.stage(["upload", path, "--regions", "east,west", "--json"]);
  await client.send(new DeleteBucketPolicyCommand({ Bucket }));
  expect(failed.code).toBe(3);
  const { staging_id: id, state, regions } = JSON.parse(failed.stdout);
  expect([state, regions[0].state, regions[1]]).toMatchObject([
    "failed",
    "complete",
    { state: "failed", reason: expect.stringContaining("403 AccessDenied") },
  ]);
  expect(await here.json("info", id)).toMatchObject({ state: "failed", regions });
  expect(await here.json("resume", id)).toMatchObject({ state: "complete" });
});

there("a file that changes while it is read fails the upload, and leaves no part", async () => {
  const path = await here.write("changes.bin", big);
  await here.configure({ staging: { partBytes: PART_BYTES, bytesPerSecond: 2 * PART_BYTES } });
  const before = await uploadsIn(here.east);
  const { ran } = await uploadUntil(here, [path], async () => (await partBytesIn(here.east)) > 0);
  await appendFile(path, "more");
  const { code, stderr } = await ran;
  await here.configure({});
  expect([code, stderr]).toEqual([1, expect.stringContaining("FILE_CHANGED")]);
  expect(await uploadsIn(here.east)).toBe(before);
});
