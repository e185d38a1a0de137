import {
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
} from "@aws-sdk/client-s3";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadStaging } from "../../src/config/load.ts";
import { openRegions, type Region } from "../../src/regions/region.ts";
import { usesOf } from "../../src/regions/listed.ts";
import { countUse } from "../../src/regions/uses.ts";
import { allOf } from "../helpers/all-of.ts";
import { whyNoRgw } from "../helpers/rgw.ts";
import { startMetadata } from "./metadata-server.ts";
import { keysOf, startTwoRegions, type TwoRegions } from "./two-regions.ts";

if (whyNoRgw !== undefined) process.stdout.write(`no uses are counted: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);
const { signal } = new AbortController();

let here: TwoRegions;
let id: string;
let downloads = 0;
beforeAll(async () => {
  if (whyNoRgw !== undefined) return;
  here = await startTwoRegions();
  const path = await here.write("genome.fa", "ACGT");
  const done = await here.json("upload", path, "--regions", "east,west");
  id = done["staging_id"] as string;
});
afterAll(() => here?.[Symbol.asyncDispose]());

function download(env: Readonly<Record<string, string>>) {
  downloads += 1;
  const dest = join(here.root, `machine-${downloads}`);
  return here.stage(["download", id, "--dest", dest], { env });
}

async function openHere(name: "east" | "west"): Promise<Region> {
  const settings = loadStaging({ config: here.config, env: {} });
  const [region] = await openRegions({ settings, signal }, [name]);
  return region as Region;
}

async function usesIn(name: "east" | "west"): Promise<string[]> {
  const all = await allOf(usesOf((await openHere(name)).bucket, id));
  return all.map(({ instance }) => instance);
}

there("each machine that fetches a staging is counted once, where it fetched from", async () => {
  const instance = { "placement/region": "west", "instance-id": "i-0123456789abcdef0" };
  await using metadata = await startMetadata(instance);
  const env = { ...metadata.env, AWS_EC2_METADATA_DISABLED: "false" };
  const before = Date.now();
  for (let times = 0; times < 2; times += 1) expect((await download(env)).code).toBe(0);
  expect((await download({ AWS_REGION: "east" })).code).toBe(0);
  const host = hostname().replaceAll(/[^\w.-]/g, "_");
  expect([await usesIn("west"), await usesIn("east")]).toEqual([["i-0123456789abcdef0"], [host]]);
  const { client, name } = here.west;
  const Key = `${id}/_uses/i-0123456789abcdef0`;
  const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key }));
  const use = JSON.parse((await Body?.transformToString()) ?? "");
  const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);
  expect(use).toEqual({ instance: "i-0123456789abcdef0", region: "west", at, bytes: 4 });
  const [listed] = await allOf(usesOf((await openHere("west")).bucket, id));
  // Stores keep whole seconds.
  expect((listed?.at.getTime() ?? 0) - before).toBeGreaterThan(-1000);
});

there("what was there already is no use", async () => {
  const count = (await usesIn("west")).length;
  const dest = join(here.root, "machine-1");
  const again = await here.stage(["download", id, "--dest", dest], { env: { AWS_REGION: "west" } });
  expect([again.code, again.stderr]).toEqual([0, expect.stringContaining("it was there")]);
  expect(await usesIn("west")).toHaveLength(count);
});

there("a machine's name is one part of a key, whatever it is", async () => {
  const region = await openHere("east");
  const use = { region: null, at: new Date().toISOString(), bytes: 1 };
  for (const instance of ["..", "", "a/../b", "ä".repeat(500)])
    await countUse(region, id, { ...use, instance });
  const uses = await usesIn("east");
  expect(uses).toContain("a_.._b");
  expect(uses).toContain("_".repeat(128));
  expect(uses).toHaveLength(4);
});

there("a use that cannot be counted is told, and the file is there", async () => {
  const { client, name: Bucket } = here.east;
  const Resource = `arn:aws:s3:::${Bucket}/${id}/_uses/*`;
  const Deny = { Effect: "Deny", Principal: "*", Action: "s3:PutObject", Resource };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [Deny] });
  await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  const { code, stderr } = await download({ AWS_REGION: "east" });
  await client.send(new DeleteBucketPolicyCommand({ Bucket }));
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^its use is not counted: .+$/m)]);
});

there("a use that is counted while the staging is deleted leaves nothing", async () => {
  const region = await openHere("east");
  const { client, name } = here.east;
  const Key = `${id}/_staging.json`;
  await client.send(new DeleteObjectCommand({ Bucket: name, Key }));
  const at = new Date().toISOString();
  await countUse(region, id, { instance: "late", region: null, at, bytes: 1 });
  expect(await keysOf(here.east, id)).toEqual([]);
});
