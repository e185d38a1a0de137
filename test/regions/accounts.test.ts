import {
  GetBucketPolicyCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkAccounts, withGrant, withoutGrant } from "../../src/regions/policy.ts";
import { whyNoRgw } from "../helpers/rgw.ts";
import { type Bucket, keyFileText } from "../helpers/s3-bucket.ts";
import { startSwift, whyNoSwift } from "../helpers/swift.ts";
import { keysOf, startTwoRegions, type TwoRegions } from "./two-regions.ts";

if (whyNoRgw !== undefined) process.stdout.write(`no account is allowed anything: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);
const OTHER = "arn:aws:iam:::user/b";
const THEIRS = {
  Sid: "theirs",
  Effect: "Deny",
  Principal: "*",
  Action: "s3:GetObject",
  Resource: "arn:aws:s3:::staging-east/secret/*",
};

let here: TwoRegions;
beforeAll(async () => {
  if (whyNoRgw === undefined) here = await startTwoRegions();
});
afterAll(() => here?.[Symbol.asyncDispose]());

async function statementsOf({ client, name }: Bucket): Promise<Record<string, unknown>[]> {
  const command = new GetBucketPolicyCommand({ Bucket: name });
  const text = await client.send(command).then(
    ({ Policy = "" }) => Policy,
    (error: Error) => {
      if (error.name !== "NoSuchBucketPolicy") throw error;
      return '{"Statement":[]}';
    },
  );
  return JSON.parse(text).Statement;
}

async function upload(name: string, ...options: readonly string[]): Promise<string> {
  const path = await here.write(name, name);
  const done = await here.json("upload", path, "--regions", "east,west", ...options);
  return done["staging_id"] as string;
}

function statement(id: string, bucket: string) {
  return {
    Sid: `StagingSampler${id.slice("stage-".length)}`,
    Effect: "Allow",
    Principal: { AWS: [OTHER] },
    Action: "s3:GetObject",
    Resource: `arn:aws:s3:::${bucket}/${id}/*`,
  };
}

/** The status of a request by the other account. */
async function statusOf(send: (client: S3Client) => Promise<unknown>): Promise<number> {
  const endpoint = here.urls.east.href;
  const usual = { endpoint, region: "us-east-1", forcePathStyle: true } as const;
  const client = new S3Client({ ...usual, credentials: here.otherKeys });
  return await send(client).then(
    () => 200,
    (error: { $metadata: { httpStatusCode: number } }) => error.$metadata.httpStatusCode,
  );
}

there("another account reads the staging that it may read, and nothing else", async () => {
  const policy = { Version: "2012-10-17", Statement: [THEIRS] };
  const { client, name: Bucket } = here.east;
  await client.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }));
  const [id, other] = [await upload("shared", "--allow-accounts", OTHER), await upload("own")];
  expect(await statementsOf(here.east)).toEqual([THEIRS, statement(id, "staging-east")]);
  expect(await statementsOf(here.west)).toEqual([statement(id, "west-bucket")]);
  const get = (Key: string) =>
    statusOf((others) => others.send(new GetObjectCommand({ Bucket, Key })));
  expect(await get(`${id}/shared`)).toBe(200);
  expect(await get(`${other}/own`)).toBe(403);
  const change = new PutObjectCommand({ Bucket, Key: `${id}/shared`, Body: "mine" });
  expect(await statusOf((each) => each.send(change))).toBe(403);
  expect(await statusOf((each) => each.send(new ListObjectsV2Command({ Bucket })))).toBe(403);
  // The other account's machine.
  const keys = join(here.root, "keys.json");
  const ours = await readFile(keys, "utf8");
  await writeFile(keys, keyFileText(here.otherKeys));
  const dest = join(here.root, "machine/shared");
  const env = { AWS_REGION: "west" };
  const done = await here.stage(["download", id, "--dest", dest], { env });
  const refused = await here.stage(["download", other, "--dest", `${dest}-2`], { env });
  await writeFile(keys, ours);
  expect([done.code, done.stderr]).toEqual([0, expect.stringMatching(/use is not counted: .*403/)]);
  expect(await readFile(dest, "utf8")).toBe("shared");
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("403")]);
});

there(
  "delete takes the grant back, also where it goes on, and leaves those of others",
  async () => {
    const [id, stays] = [await upload("a", "--allow-accounts", OTHER), await upload("b")];
    const before = (await statementsOf(here.east)).filter(
      ({ Sid }) => Sid !== statement(id, "").Sid,
    );
    await here.change(here.west, id, { state: "deleting" });
    await here.remove(here.west, `${id}/a`);
    expect((await here.stage(["delete", id, "-y"])).code).toBe(0);
    expect(await statementsOf(here.east)).toEqual(before);
    expect((await statementsOf(here.west)).map(({ Sid }) => Sid)).not.toContain(
      statement(id, "").Sid,
    );
    expect(await keysOf(here.east, id)).toEqual([]);
    expect(await keysOf(here.east, stays)).toHaveLength(3);
  },
);

there("a dry run shows the policies, and changes none", async () => {
  const before = [await statementsOf(here.east), await statementsOf(here.west)];
  const path = await here.write("dry", "x");
  const args = [
    "upload",
    path,
    "--regions",
    "east,west",
    "--allow-accounts",
    `123456789012,${OTHER}`,
  ];
  const { policies } = await here.json<{ policies: { policy: { Statement: object[] } }[] }>(
    ...args,
    "--dry-run",
  );
  expect(policies.map(({ policy }) => policy.Statement.length)).toEqual(
    before.map((each) => each.length + 1),
  );
  expect(policies[1]?.policy.Statement.at(-1)).toMatchObject({
    Principal: { AWS: ["arn:aws:iam::123456789012:root", OTHER] },
    Resource: "arn:aws:s3:::west-bucket/stage-000000000000/*",
  });
  const shown = await here.stage([...args, "--dry-run"]);
  expect(shown.stdout).toContain('"Sid": "StagingSampler000000000000"');
  expect([await statementsOf(here.east), await statementsOf(here.west)]).toEqual(before);
});

there("a policy that gets too long is refused, and nothing of the staging is left", async () => {
  const { client, name: Bucket } = here.west;
  // Ceph 16 does not survive an ARN of some thousand characters.
  const policy = (count: number) => {
    const Statement = Array.from({ length: count }, (_, i) => ({
      ...THEIRS,
      Sid: `filler${i}`,
      Resource: `arn:aws:s3:::west-bucket/${"x".repeat(80)}${i}/*`,
    }));
    return JSON.stringify({ Version: "2012-10-17", Statement });
  };
  let most = 1;
  while (policy(most + 1).length <= 20 * 1024) most += 1;
  await client.send(new PutBucketPolicyCommand({ Bucket, Policy: policy(most) }));
  const before = await statementsOf(here.east);
  const path = await here.write("long", "x");
  const options = ["--regions", "east,west", "--allow-accounts", OTHER];
  const done = await here.stage(["upload", path, ...options]);
  expect([done.code, done.stderr]).toEqual([
    1,
    expect.stringMatching(/LIMIT_EXCEEDED: .* 20480 are allowed: delete stagings/),
  ]);
  expect(await statementsOf(here.east)).toEqual(before);
  const { stdout } = await here.stage(["list", "--json"]);
  const all = JSON.parse(stdout) as { filename: string }[];
  expect(all.map(({ filename }) => filename)).not.toContain("long");
});

test.skipIf(whyNoRgw !== undefined || whyNoSwift !== undefined)(
  "a store without policies says so before anything is sent",
  async () => {
    await using far = await startSwift();
    await here.configure({ far });
    await here.stage(["setup-buckets", "--regions", "far"]);
    const path = await here.write("far", "x");
    const done = await here.stage(["upload", path, "--regions", "far", "--allow-accounts", OTHER]);
    expect([done.code, done.stderr]).toEqual([2, expect.stringContaining("no bucket policies")]);
    const { stdout } = await here.stage(["list", "--region", "far", "--json"]);
    expect(JSON.parse(stdout)).toEqual([]);
    await here.configure({});
  },
);

const grant = { id: "stage-0123456789ab", bucket: "b", accounts: [OTHER], partition: "aws" };

test("a grant is one statement, whatever order the store writes it in", () => {
  const text = withGrant(undefined, grant);
  expect(withGrant(text, grant)).toBe(text);
  const { Statement } = JSON.parse(text);
  const [{ Sid, Resource, Principal, ...rest }] = Statement;
  const one = { Resource: [Resource], ...rest, Principal: { AWS: Principal.AWS[0] }, Sid };
  const stored = JSON.stringify({ Statement: one, Version: "2012-10-17" });
  expect(withGrant(stored, grant)).toBe(stored);
  const more = withGrant(stored, { ...grant, accounts: [OTHER, "123456789012"] });
  expect(JSON.parse(more).Statement).toHaveLength(1);
  expect(withoutGrant(more, grant)).toBeUndefined();
  const china = withGrant(undefined, { ...grant, accounts: ["123456789012"], partition: "aws-cn" });
  expect(china).toContain("arn:aws-cn:iam::123456789012:root");
  expect(() => withGrant("no JSON", grant)).toThrow("the policy of s3://b is no JSON");
});

test.each(["12345678901", "1234567890123", "", "*", "arn:aws:s3:::b", "me"])(
  "%j is no account",
  (account) => {
    expect(() => checkAccounts(["123456789012", account])).toThrow("neither 12 digits nor an ARN");
  },
);
