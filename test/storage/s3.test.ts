import { GetObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Endpoint } from "../../src/storage/endpoints.ts";
import { createStorages, type StorageOptions } from "../../src/storage/index.ts";
import { locationOf } from "../../src/storage/location.ts";
import { Unavailable } from "../../src/storage/types.ts";
import { download, type DownloadOptions } from "../../src/transfer/download.ts";
import { run } from "../helpers/world.ts";
import { startRgw, whyNoRgw } from "../helpers/rgw.ts";
import type { ObjectStore } from "../helpers/object-store.ts";
import { type Bucket, createBucket, endpointAt, keyFileText } from "../helpers/s3-bucket.ts";
import { type Break, startProxy } from "../helpers/tcp-proxy.ts";

if (whyNoRgw !== undefined) process.stdout.write(`S3 is not read from: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);

const main = join(import.meta.dirname, "../../src/main.ts");
const BIG_BYTES = 20 * 1024 * 1024;
/** Of the head of an answer, and of its body. */
const SOME_BYTES = 8 * 1024 * 1024;
const big = randomBytes(BIG_BYTES);
const sha256Of = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const ends = new AsyncDisposableStack();
let directory: string;
let rgw: ObjectStore;
let bucket: Bucket;
/** Of the bucket's owner. */
let endpoint: Endpoint;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sampler-s3-"));
  ends.defer(() => rm(directory, { recursive: true }));
  if (whyNoRgw !== undefined) return;
  rgw = ends.use(await startRgw());
  bucket = await createBucket(rgw, "staging");
  endpoint = endpointAt(rgw.url, await keyFile("keys.json", keyFileText(rgw.keys)));
});
afterAll(() => ends.disposeAsync());

async function keyFile(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

/** Reads with one endpoint for all buckets. */
function readAt(
  url: URL,
  endpoints: StorageOptions["endpoints"] = { default: endpoint },
  stallMs = 60_000,
) {
  const { signal } = new AbortController();
  const request = { start: 0, version: undefined, stallMs, signal };
  return createStorages({ endpoints }).of(url).read(url, request);
}

/** Fetches into a directory of its own; goes on with what is there. */
function fetched(url: URL, at: Endpoint, more: Partial<DownloadOptions> & { name: string }) {
  const target = join(directory, more.name);
  const { signal } = new AbortController();
  return download(url, {
    storages: createStorages({ endpoints: { default: at } }),
    part: `${target}.part`,
    target: () => target,
    mode: 0o640,
    retries: 3,
    stallMs: 60_000,
    signal,
    random: () => -1,
    ...more,
  });
}

there.each([
  "dir/ä b#1?.csv",
  "a%20b",
  "a/../b",
  "../up",
  "./here",
  "/lead",
  "a//b",
  "dir/",
  "plus+and&=~!*'();:@$,",
  "back\\slash",
  "two\nlines",
  " spaces ",
  "日本/🦕",
])("the key %j is read as it is written", async (key) => {
  const url = await bucket.put(key, key);
  expect((await buffer((await readAt(url)).chunks)).toString()).toBe(key);
});

there("a large object goes on after a stop, in another process's place", async () => {
  const url = await bucket.put("big", big);
  const abort = new AbortController();
  const onProgress = (bytes: number) => bytes >= SOME_BYTES && abort.abort(new Error("stopped"));
  const stopped = fetched(url, endpoint, { name: "big", signal: abort.signal, onProgress });
  await expect(stopped).rejects.toThrow("stopped");
  const kept = (await readFile(join(directory, "big.part"))).length;
  expect(kept).toBeGreaterThanOrEqual(SOME_BYTES);
  const seen: number[] = [];
  const done = await fetched(url, endpoint, { name: "big", onProgress: (n) => seen.push(n) });
  expect(done).toMatchObject({ bytes: BIG_BYTES, sha256: sha256Of(big), requests: 1 });
  expect(seen[0]).toBeGreaterThan(kept);
  expect((await readdir(directory)).filter((name) => name.startsWith("big"))).toEqual(["big"]);
});

there.each<Break>([
  { how: "cut", afterBytes: 0 },
  { how: "cut", afterBytes: 100 },
  { how: "cut", afterBytes: SOME_BYTES },
  { how: "stall", afterBytes: 100 },
  { how: "stall", afterBytes: SOME_BYTES },
])("a connection that breaks ($how after $afterBytes bytes) is taken up", async (breaks) => {
  const { how, afterBytes } = breaks;
  const url = await bucket.put("broken", big);
  await using proxy = await startProxy(rgw.url, (n) => (n === 0 ? breaks : undefined));
  const at = { ...endpoint, url: proxy.url.href };
  const name = `broken-${how}-${afterBytes}`;
  const seen: number[] = [];
  const stallMs = how === "stall" ? 2000 : 60_000;
  const done = await fetched(url, at, { name, stallMs, onProgress: (n) => seen.push(n) });
  expect(done).toMatchObject({ bytes: BIG_BYTES, sha256: sha256Of(big) });
  expect(done.requests).toBeGreaterThan(1);
  // No byte was fetched twice.
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
});

there(
  "an object that changes after a stop is fetched from its start: never a mixture",
  async () => {
    const url = await bucket.put("changes", big);
    const other = randomBytes(BIG_BYTES);
    const abort = new AbortController();
    const onProgress = (bytes: number) => bytes >= SOME_BYTES && abort.abort(new Error("stopped"));
    const stopped = fetched(url, endpoint, { name: "changes", signal: abort.signal, onProgress });
    await expect(stopped).rejects.toThrow("stopped");
    await bucket.put("changes", other);
    const done = await fetched(url, endpoint, { name: "changes" });
    expect(done).toMatchObject({ bytes: BIG_BYTES, sha256: sha256Of(other), requests: 1 });
  },
);

there("an endpoint that is not configured is reached where that is allowed", async () => {
  const url = await bucket.put("guarded", "x");
  const guard = { mayAsk: () => true, mayReach: () => false };
  const env = {
    AWS_ENDPOINT_URL: rgw.url.href,
    AWS_ACCESS_KEY_ID: "x",
    AWS_SECRET_ACCESS_KEY: "x",
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  try {
    const { signal } = new AbortController();
    const request = { start: 0, version: undefined, stallMs: 60_000, signal };
    const usual = createStorages({ guard }).of(url).read(url, request);
    await expect(usual).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(usual).rejects.toThrow("127.0.0.1 may not be reached");
    vi.stubEnv("AWS_ENDPOINT_URL", rgw.url.href.replace("127.0.0.1", "localhost"));
    const named = createStorages({ guard }).of(url).read(url, request);
    await expect(named).rejects.toThrow("localhost may not be reached");
    const trusted = createStorages({ guard, endpoints: { default: endpoint } });
    const reply = await trusted.of(url).read(url, request);
    expect((await buffer(reply.chunks)).toString()).toBe("x");
  } finally {
    vi.unstubAllEnvs();
  }
});

there("what is refused says why, which keys were used, and none of them", async () => {
  const url = await bucket.put("secret", "x");
  const wrong = { ...rgw.keys, secretAccessKey: "no-such-secret" };
  const unknown = { ...rgw.keys, accessKeyId: "NOSUCHKEY" };
  for (const [keys, word] of [
    [rgw.otherKeys, "AccessDenied"],
    [wrong, "SignatureDoesNotMatch"],
    [unknown, "InvalidAccessKeyId"],
  ] as const) {
    const path = await keyFile(`${word}.json`, keyFileText(keys));
    const error = await readAt(url, { default: endpointAt(rgw.url, path) }).catch((e) => e);
    expect(error).toMatchObject({ code: "FORBIDDEN" });
    expect(error.message).toBe(
      `s3://staging/secret: the store answers 403 ${word}; asked with the credentials in ${path}`,
    );
  }
});

there(
  "a profile's keys are its own, and no others stand in for a profile that is not there",
  async () => {
    const url = await bucket.put("profiled", "x");
    const { accessKeyId, secretAccessKey } = rgw.keys;
    const text = `[ada]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", await keyFile("profiles", text));
    vi.stubEnv("AWS_CONFIG_FILE", join(directory, "none"));
    vi.stubEnv("AWS_ACCESS_KEY_ID", accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", secretAccessKey);
    try {
      const of = (profile: string) => ({ default: { ...endpoint, credentials: { profile } } });
      expect((await buffer((await readAt(url, of("ada"))).chunks)).toString()).toBe("x");
      await expect(readAt(url, of("eve"))).rejects.toMatchObject({
        code: "FORBIDDEN",
        message: "s3://staging/profiled: it needs the credentials of profile eve: there are none",
      });
    } finally {
      vi.unstubAllEnvs();
    }
  },
);

there("a missing object and a missing bucket are missing", async () => {
  for (const text of ["s3://staging/nothing", "s3://no-such-bucket/key"])
    await expect(readAt(locationOf(text))).rejects.toMatchObject({ code: "FILE_MISSING" });
});

there("the endpoint that names the bucket is asked, and not the default one", async () => {
  const url = await bucket.put("here", "here");
  const nowhere = { ...endpoint, url: "http://127.0.0.1:1/" };
  const named = { ...endpoint, bucket: "staging" };
  const reply = await readAt(url, { default: nowhere, named });
  expect((await buffer(reply.chunks)).toString()).toBe("here");
  await expect(readAt(url, { default: nowhere })).rejects.toBeInstanceOf(Unavailable);
});

there("a signed URL is read without keys, until its time is over", async () => {
  const key = "dir/ä b#1?.csv";
  await bucket.put(key, big);
  const command = new GetObjectCommand({ Bucket: bucket.name, Key: key });
  const signed = await getSignedUrl(bucket.client, command, { expiresIn: 3600 });
  const done = await fetched(new URL(signed), endpoint, { name: "signed" });
  expect(done).toMatchObject({ bytes: BIG_BYTES, sha256: sha256Of(big) });
  const signingDate = new Date(Date.now() - 7200_000);
  const over = await getSignedUrl(bucket.client, command, { expiresIn: 3600, signingDate });
  const error = await fetched(new URL(over), endpoint, { name: "over" }).catch((e) => e);
  expect(error).toMatchObject({ code: "URL_EXPIRED" });
  expect(error.message).not.toMatch(/Signature|AKID/);
});

there("a file is written as an object, small, large and empty", async () => {
  const { signal } = new AbortController();
  const storage = createStorages({ endpoints: { default: endpoint } });
  for (const bytes of [randomBytes(10), randomBytes(9_000_000), Buffer.alloc(0)]) {
    const path = join(directory, "to-write");
    await writeFile(path, bytes);
    const url = locationOf("s3://staging/written/ä b.bin");
    const { write } = storage.of(url);
    await write?.(url, { path, bytes: bytes.length, stallMs: 60_000, signal });
    const request = { start: 0, version: undefined, stallMs: 60_000, signal };
    const { chunks } = await storage.of(url).read(url, request);
    expect((await buffer(chunks)).equals(bytes)).toBe(true);
  }
  const none = locationOf("s3://no-such-bucket/x");
  const writing = storage.of(none).write?.(none, { path: main, bytes: 1, stallMs: 60_000, signal });
  await expect(writing).rejects.toMatchObject({ code: "FILE_MISSING" });
});

there("stage get fetches from where the environment says, with its keys", async () => {
  const bytes = randomBytes(100_000);
  await bucket.put("dir/ä b#1?.csv", bytes);
  const target = join(directory, "from-cli.csv");
  const config = join(directory, "empty.yaml");
  await writeFile(config, "");
  const args = ["stage", "get", "s3://staging/dir/ä b#1?.csv", "-o", target, "--json"];
  const get = (env: Readonly<Record<string, string>>) =>
    run([process.execPath, main, ...args], config, { env });
  const where = { AWS_ENDPOINT_URL: rgw.url.href, AWS_EC2_METADATA_DISABLED: "true" };
  const done = await get({
    ...where,
    AWS_ACCESS_KEY_ID: rgw.keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: rgw.keys.secretAccessKey,
  });
  expect(done).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(done.stdout)).toMatchObject({
    from: "s3://staging/dir/ä b#1?.csv",
    bytes: 100_000,
    sha256: sha256Of(bytes),
    verified: false,
  });
  expect((await readFile(target)).equals(bytes)).toBe(true);
  await rm(target);
  const none = await get({ ...where, HOME: directory });
  expect(none).toMatchObject({ code: 1, stdout: "" });
  expect(none.stderr).toContain("FORBIDDEN: s3://staging/dir/ä b#1?.csv: it needs credentials");
});
