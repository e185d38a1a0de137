import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bucket, PartTag } from "../../src/storage/bucket.ts";
import { type BucketOptions, openBucket } from "../../src/storage/s3-bucket.ts";
import { type Served, startServer } from "../helpers/faulty-server.ts";
import { allOf } from "../helpers/all-of.ts";
import type { ObjectStore } from "../helpers/object-store.ts";
import { startRgw, whyNoRgw } from "../helpers/rgw.ts";
import { createBucket, endpointAt, keyFileText } from "../helpers/s3-bucket.ts";
import { startSwift, whyNoSwift } from "../helpers/swift.ts";

if (whyNoRgw !== undefined) process.stdout.write(`no buckets of Ceph: ${whyNoRgw}\n`);
if (whyNoSwift !== undefined) process.stdout.write(`no buckets of Swift: ${whyNoSwift}\n`);

/** The smallest part that is not the last one. */
const PART_BYTES = 5 * 1024 ** 2;
const SECRET = "a-secret-key";
const md5Of = (bytes: Uint8Array) => createHash("md5").update(bytes).digest();
const sha256Of = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

const ends = new AsyncDisposableStack();
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sampler-bucket-"));
  ends.defer(() => rm(directory, { recursive: true }));
});
afterAll(() => ends.disposeAsync());

type More = Partial<BucketOptions>;

async function open({ url, region, keys }: Omit<ObjectStore, "otherKeys" | symbol>, more: More) {
  const keyFile = join(directory, `${url.port}.json`);
  await writeFile(keyFile, keyFileText(keys));
  return await openBucket({
    endpoint: endpointAt(url, keyFile, region),
    name: "laws",
    retries: 3,
    stallMs: 60_000,
    signal: new AbortController().signal,
    random: () => -1,
    ...more,
  });
}

const stores = [
  ["Ceph", whyNoRgw, startRgw],
  ["Swift", whyNoSwift, startSwift],
] as const;

describe.each(stores)("a bucket of %s", (_name, why, start) => {
  const there = test.skipIf(why !== undefined);
  let bucket: Bucket;
  let other: Bucket;
  let nowhere: Bucket;
  beforeAll(async () => {
    if (why !== undefined) return;
    const store = ends.use(await start());
    await createBucket(store, "laws");
    await createBucket(store, "other");
    bucket = await open(store, {});
    other = await open(store, { name: "other" });
    nowhere = await open(store, { name: "nowhere" });
  });

  there("keeps what is put, and says what it is", async () => {
    const bytes = randomBytes(1000);
    const key = "dir/ä b#1?+.csv";
    const etag = await bucket.put(key, bytes, { metadata: { sha256: "abc" } });
    expect(etag).toBe(md5Of(bytes).toString("hex"));
    expect(await bucket.get(key)).toEqual({ bytes, etag });
    expect(await bucket.head(key)).toEqual({ bytes: 1000, etag, metadata: { sha256: "abc" } });
    expect(await bucket.get("none")).toBeUndefined();
    expect(await bucket.head("none")).toBeUndefined();
  });

  there("puts in place of what was read, and of nothing else", async () => {
    const only = "where there is none";
    const first = await bucket.put("doc", Buffer.from("1"), { only });
    expect(first).toBe(md5Of(Buffer.from("1")).toString("hex"));
    expect(await bucket.put("doc", Buffer.from("2"), { only })).toBeUndefined();
    const inPlaceOf = first as string;
    const second = await bucket.put("doc", Buffer.from("3"), { only: { inPlaceOf } });
    expect(second).toBeDefined();
    expect(await bucket.put("doc", Buffer.from("4"), { only: { inPlaceOf } })).toBeUndefined();
    expect(await bucket.put("gone", Buffer.from("4"), { only: { inPlaceOf } })).toBeUndefined();
    expect((await bucket.get("doc"))?.bytes.toString()).toBe("3");
  });

  there("lists, in pages, and removes", async () => {
    const keys = ["list/a", "list/b c", "list/d+ä", "list/dir/e"];
    for (const key of keys) await bucket.put(key, Buffer.from(key));
    const listed = (await allOf(bucket.list("list/"))).flat();
    expect(listed.map(({ key }) => key)).toEqual(keys);
    expect(listed[0]?.bytes).toBe("list/a".length);
    expect((await allOf(bucket.list("list/", "list/b c"))).flat().map(({ key }) => key)).toEqual(
      keys.slice(2),
    );
    await bucket.remove([...keys, "list/never"]);
    expect((await allOf(bucket.list("list/"))).flat()).toEqual([]);
  });

  there("makes an object of parts, and copies it whole and in parts", async () => {
    const bytes = randomBytes(PART_BYTES + 1000);
    const pieces = [bytes.subarray(0, PART_BYTES), bytes.subarray(PART_BYTES)];
    const upload = await bucket.begin("parts", {});
    const lost = await bucket.begin("parts/lost", {});
    const tags: PartTag[] = [];
    for (const [i, piece] of pieces.entries()) {
      const part = { n: i + 1, bytes: piece, sha256: sha256Of(piece) };
      tags.push({ n: i + 1, etag: await bucket.part(upload, part) });
    }
    expect(tags.map(({ etag }) => etag)).toEqual(pieces.map((each) => md5Of(each).toString("hex")));
    const had = (await allOf(bucket.parts(upload))).flat();
    expect(had).toEqual(pieces.map((each, i) => ({ ...tags[i], bytes: each.length })));
    expect((await allOf(bucket.uploads("parts"))).flat()).toEqual([upload, lost]);
    const facts = await bucket.complete(upload, tags);
    const whole = md5Of(Buffer.concat(pieces.map(md5Of))).toString("hex");
    expect(facts).toEqual({ bytes: bytes.length, etag: `${whole}-2`, metadata: {} });
    await bucket.abort(lost);
    await bucket.abort(lost);
    expect((await allOf(bucket.uploads("parts"))).flat()).toEqual([]);

    const from = { bucket: "laws", key: "parts" };
    await other.copy(from, "whole", { sha256: "x" });
    expect(await other.head("whole")).toMatchObject({
      bytes: bytes.length,
      metadata: { sha256: "x" },
    });
    const copied = await other.begin("copied", {});
    const ranges = [
      { n: 1, from, start: 0, end: PART_BYTES },
      { n: 2, from, start: PART_BYTES, end: bytes.length },
    ];
    const copies = [];
    for (const range of ranges)
      copies.push({ n: range.n, etag: await other.copyPart(copied, range) });
    expect(copies).toEqual(tags);
    expect((await other.complete(copied, copies)).etag).toBe(facts.etag);
    expect((await other.get("copied"))?.bytes.equals(bytes)).toBe(true);
  });

  there("bytes with other hashes than they have are refused", async () => {
    const [x, y] = [Buffer.from("x"), Buffer.from("y")];
    const refused = { code: "UNREACHABLE", message: expect.stringContaining("answers 400") };
    const upload = await bucket.begin("wrong", {});
    const part = { n: 1, bytes: x, sha256: sha256Of(y) };
    await expect(bucket.part(upload, part)).rejects.toMatchObject(refused);
    await bucket.abort(upload);
    for (const hashes of [
      { md5: md5Of(x), sha256: sha256Of(y) },
      { md5: md5Of(y), sha256: sha256Of(x) },
    ])
      await expect(bucket.put("wrong", x, { hashes })).rejects.toMatchObject(refused);
    expect(await bucket.head("wrong")).toBeUndefined();
  });

  there("a bucket that is not there is not taken for an empty one", async () => {
    const missing = { code: "FILE_MISSING" };
    await expect(nowhere.get("a")).rejects.toMatchObject(missing);
    await expect(allOf(nowhere.list(""))).rejects.toMatchObject(missing);
    await expect(nowhere.remove(["a"])).rejects.toMatchObject(missing);
    await expect(other.copy({ bucket: "nowhere", key: "a" }, "a", {})).rejects.toMatchObject(
      missing,
    );
  });
});

/** Asks a store that answers so. */
async function askFrom<T>(
  answer: NonNullable<Served["answer"]>,
  work: (bucket: Bucket) => Promise<T>,
  more: More = {},
): Promise<{ readonly value?: T; readonly error?: Error; readonly requests: number }> {
  let requests = 0;
  await using server = await startServer({
    body: Buffer.alloc(0),
    answer(n, request, response) {
      requests += 1;
      request.resume();
      return answer(n, request, response);
    },
  });
  const url = new URL("/", server.url);
  const keys = { accessKeyId: "AKID", secretAccessKey: SECRET };
  const bucket = await open({ url, region: "us-east-1", keys }, more);
  try {
    return { value: await work(bucket), requests };
  } catch (error) {
    return { error: error as Error, requests };
  }
}

test("what may pass is asked again, as often as is allowed, and no secret is told", async () => {
  const slow: NonNullable<Served["answer"]> = (_n, _request, response) => {
    response.writeHead(503).end("<Error><Code>SlowDown</Code></Error>");
    return true;
  };
  const { error, requests } = await askFrom(slow, (bucket) => bucket.head("a"));
  expect(error).toMatchObject({ code: "UNREACHABLE" });
  expect(error?.message).toContain("s3://laws/a: the store answers 503");
  expect(JSON.stringify(error) + error?.stack).not.toContain(SECRET);
  expect(requests).toBe(4);
});

test("an answer that was lost to a put with a condition is found", async () => {
  const bytes = Buffer.from("mine");
  const { value, requests } = await askFrom(
    (n, request, response) => {
      if (n === 0) request.socket.destroy();
      else if (request.method === "PUT") response.writeHead(412).end();
      else response.writeHead(200, { ETag: `"${md5Of(bytes).toString("hex")}"` }).end();
      return true;
    },
    (bucket) => bucket.put("a", bytes, { only: "where there is none" }),
  );
  expect(value).toBe(md5Of(bytes).toString("hex"));
  expect(requests).toBe(3);
});

test("a store that says nothing has stalled, and an abort ends the waiting", async () => {
  const silent: NonNullable<Served["answer"]> = () => true;
  const stalled = await askFrom(silent, (bucket) => bucket.head("a"), { stallMs: 300, retries: 1 });
  expect(stalled.error).toMatchObject({ code: "UNREACHABLE" });
  expect(stalled.requests).toBe(2);
  const abort = new AbortController();
  const stopped = await askFrom(
    () => {
      abort.abort(new Error("stopped"));
      return true;
    },
    (bucket) => bucket.head("a"),
    { signal: abort.signal },
  );
  expect(stopped.error).toBe(abort.signal.reason);
});
