import {
  CreateMultipartUploadCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  type LifecycleRule,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
} from "@aws-sdk/client-s3";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadStaging } from "../../src/config/load.ts";
import { openRegions } from "../../src/regions/region.ts";
import { setUp } from "../../src/regions/set-up.ts";
import { whyNoRgw } from "../helpers/rgw.ts";
import { type Bucket, createBucket } from "../helpers/s3-bucket.ts";
import { startSwift, whyNoSwift } from "../helpers/swift.ts";
import { keysOf, startTwoRegions, type TwoRegions, uploadsIn } from "./two-regions.ts";

if (whyNoRgw !== undefined) process.stdout.write(`no buckets are made: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);
const { signal } = new AbortController();

let here: TwoRegions;
beforeAll(async () => {
  // A day of a rule takes a second.
  if (whyNoRgw === undefined) here = await startTwoRegions("rgw_lc_debug_interval = 1\n");
});
afterAll(() => here?.[Symbol.asyncDispose]());

const RULE = {
  ID: "staging-sampler",
  Status: "Enabled",
  Filter: { Prefix: "stage-" },
  Expiration: { Days: 400 },
  NoncurrentVersionExpiration: { NoncurrentDays: 7 },
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
} as const satisfies LifecycleRule;

async function rulesOf({ client, name }: Bucket): Promise<LifecycleRule[]> {
  const command = new GetBucketLifecycleConfigurationCommand({ Bucket: name });
  return (await client.send(command)).Rules ?? [];
}

async function setRules({ client, name }: Bucket, Rules: LifecycleRule[]): Promise<void> {
  const LifecycleConfiguration = { Rules };
  await client.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket: name, LifecycleConfiguration }),
  );
}

/** Keys of all versions. */
async function versionsIn({ client, name }: Bucket): Promise<string[]> {
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: name }));
  return Versions.map(({ Key = "" }) => Key).toSorted();
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(200);
}

there("a bucket is made with rule and versions, and the next time left as it is", async () => {
  const say = (text: string) =>
    ["bucket", "life-cycle rule", "versioning"]
      .map((what) => `gone, no-such-bucket: ${what}: ${text}\n`)
      .join("");
  const set = (...more: string[]) => here.stage(["setup-buckets", "--regions", "gone", ...more]);
  expect(await set("--dry-run")).toEqual({ code: 0, stdout: say("would be set up"), stderr: "" });
  expect(await set()).toEqual({ code: 0, stdout: say("set up"), stderr: "" });
  const bucket = { ...here.west, name: "no-such-bucket" };
  expect(await rulesOf(bucket)).toEqual([RULE]);
  const versioning = new GetBucketVersioningCommand({ Bucket: bucket.name });
  expect((await bucket.client.send(versioning)).Status).toBe("Enabled");
  expect(await set()).toEqual({ code: 0, stdout: say("left as it was"), stderr: "" });
});

there("other rules of a bucket stay, and an older one of ours is replaced", async () => {
  const theirs: LifecycleRule[] = [
    { ID: "logs", Status: "Enabled", Filter: { Prefix: "logs/" }, Expiration: { Days: 30 } },
    { ID: "old", Status: "Disabled", Prefix: "old/", Expiration: { Days: 1 } },
  ];
  await setRules(here.east, [...theirs, { ...RULE, Expiration: { Days: 5 } }]);
  const dry = await here.json<object[]>("setup-buckets", "--regions", "east", "--dry-run");
  const step = (what: string, state: string) => ({ what, state, reason: null });
  const [bucket, lifecycle] = [step("bucket", "kept"), step("lifecycle", "due")];
  const steps = [bucket, lifecycle, step("versioning", "due")];
  expect(dry).toEqual([{ region: "east", bucket: "staging-east", steps, error: null }]);
  expect((await here.stage(["setup-buckets", "--regions", "east"])).code).toBe(0);
  const rules = await rulesOf(here.east);
  const byId = (a: LifecycleRule, b: LifecycleRule) => ((a.ID ?? "") < (b.ID ?? "") ? -1 : 1);
  expect(rules.toSorted(byId)).toEqual([...theirs, RULE].toSorted(byId));
});

there("the rule removes abandoned parts and old versions, and nothing that is in use", async () => {
  await here.stage(["setup-buckets", "--regions", "west"]);
  const { client, name, put } = here.west;
  for (const key of ["stage-1/a", "stage-1/a", "mine/a", "mine/a"]) await put(key, "a");
  const begin = { Bucket: name, Key: "stage-1/parts" };
  await client.send(new CreateMultipartUploadCommand(begin));
  await until(async () => (await uploadsIn(here.west)) === 0);
  await until(async () => (await versionsIn(here.west)).length === 3);
  expect(await versionsIn(here.west)).toEqual(["mine/a", "mine/a", "stage-1/a"]);
  // 400 seconds are long.
  await setRules(here.west, [{ ...RULE, Expiration: { Days: 1 } }]);
  await until(async () => !(await versionsIn(here.west)).includes("stage-1/a"));
  expect(await versionsIn(here.west)).toEqual(["mine/a", "mine/a"]);
});

there("one region that cannot be asked does not stop the others", async () => {
  await here.configure({ east: new URL("http://127.0.0.1:1/"), staging: { retries: 0 } });
  const done = await here.stage(["setup-buckets", "--regions", "east,west"]);
  await here.configure({});
  expect([done.code, done.stdout.split("\n")]).toEqual([
    3,
    [expect.stringContaining("ECONNREFUSED"), ...Array(3).fill(expect.anything()), ""],
  ]);
});

there("the bucket of somebody else is none of ours", async () => {
  const other = { url: here.urls.west, region: "us-east-1", keys: here.otherKeys };
  await createBucket(other, "taken-bucket");
  const settings = loadStaging({ config: here.config, env: {} });
  const regions = { west: { endpoint: "two", bucket: "taken-bucket" } };
  const all = { settings: { ...settings, regions }, signal };
  const [region] = await openRegions(all);
  const { steps, error } = await setUp(region as NonNullable<typeof region>, {
    isDry: false,
    signal,
  });
  expect([steps, error]).toEqual([[], expect.stringContaining("403")]);
});

there("in a bucket with versions a staging lives as in any other", async () => {
  await here.stage(["setup-buckets", "--regions", "east,west"]);
  const path = await here.write("versioned", "x");
  const { staging_id } = await here.json("upload", path, "--regions", "east,west");
  const id = staging_id as string;
  const dest = join(here.root, "placed");
  expect(await here.json("download", id, "--dest", dest)).toMatchObject({ was_there: false });
  const { expires_at } = await here.json("update", id, "--ttl", "30");
  expect(await here.json("info", id)).toMatchObject({ state: "complete", expires_at });
  expect((await here.stage(["delete", id, "-y"])).code).toBe(0);
  expect([await keysOf(here.east, id), await keysOf(here.west, id)]).toEqual([[], []]);
});

there("a staging is not extended to an age at which the rule could remove it", async () => {
  const path = await here.write("old", "x");
  const { staging_id } = await here.json("upload", path, "--regions", "east");
  const uploaded_at = new Date(Date.now() - 300 * 86_400_000).toISOString();
  await here.change(here.east, staging_id as string, { uploaded_at });
  const update = (days: string) => here.stage(["update", staging_id as string, "--ttl", days]);
  const long = await update("90");
  expect([long.code, long.stderr]).toEqual([
    2,
    expect.stringMatching(/365 days .* 6[45] are left/),
  ]);
  expect((await update("60")).code).toBe(0);
});

test.skipIf(whyNoRgw !== undefined || whyNoSwift !== undefined)(
  "a store without rules and versions gets its bucket, and says what it has not",
  async () => {
    await using far = await startSwift();
    await here.configure({ far });
    const done = await here.stage(["setup-buckets", "--regions", "far"]);
    expect(done).toEqual({
      code: 0,
      stderr: "",
      stdout: [
        "far, staging-far: bucket: set up\n",
        "far, staging-far: life-cycle rule: the store has none (400 MalformedXML)\n",
        "far, staging-far: versioning: the store has none (501 NotImplemented)\n",
      ].join(""),
    });
    await here.configure({});
  },
);
