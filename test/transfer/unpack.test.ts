import { randomBytes } from "node:crypto";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { cutAfter, type Served } from "../helpers/faulty-server.ts";
import { etag, fetched, sha256Of } from "./fetching.ts";

/** Neither too easy to compress nor too hard. */
const text = Buffer.from(
  Array.from({ length: 60_000 }, (_, i) => `${i},name ${i % 977},${(i * 7919) % 100_003}\n`).join(
    "",
  ),
);
const [first, second] = [text.subarray(0, 500_000), text.subarray(500_000)];
const unpacking = { decompress: true };

const packed: Readonly<Record<string, Buffer>> = {
  gzip: gzipSync(text),
  "gzip of several members": Buffer.concat([gzipSync(first), gzipSync(""), gzipSync(second)]),
  zstd: zstdCompressSync(text),
  "zstd of several frames": Buffer.concat([zstdCompressSync(first), zstdCompressSync(second)]),
};

test.each(Object.entries(packed))(
  "%s is unpacked on the way, and both are hashed",
  async (_, body) => {
    const { done, bytes, left, seen } = await fetched(
      { body, etag },
      { ...unpacking, sha256: sha256Of(body), bytes: body.length },
    );
    expect(bytes?.equals(text)).toBe(true);
    expect(done).toMatchObject({
      bytes: text.length,
      sha256: sha256Of(text),
      encoded: { bytes: body.length, sha256: sha256Of(body) },
      verified: true,
      version: etag,
    });
    expect(left).toEqual(["orders.csv"]);
    expect(seen).toHaveLength(1);
  },
);

test("what a server encodes though nobody asked is unpacked where that is wanted", async () => {
  const body = gzipSync(text);
  const answer: Served["answer"] = (_n, _request, response) => {
    response.writeHead(200, { "Content-Encoding": "gzip", ETag: etag }).end(body);
    return true;
  };
  const { done, bytes } = await fetched({ body, answer }, unpacking);
  expect(bytes?.equals(text)).toBe(true);
  expect(done?.encoding).toBe("gzip");
});

test("what breaks off is unpacked from its start again", async () => {
  const body = gzipSync(text);
  const served = { body, etag };
  const answer: Served["answer"] = (n, _request, response) =>
    n < 2 && cutAfter(served, 100_000, response);
  const { bytes, seen } = await fetched({ ...served, answer }, unpacking);
  expect(bytes?.equals(text)).toBe(true);
  expect(seen.map(({ range }) => range)).toEqual([undefined, undefined, undefined]);
});

const gz = gzipSync(text);
const zst = zstdCompressSync(text);
const damaged = Buffer.from(gz);
damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] as number) ^ 0xff;

test.each([
  ["gzip that is cut off", gz.subarray(0, -20)],
  ["gzip without its last byte", gz.subarray(0, -1)],
  ["gzip cut off in its second member", Buffer.concat([gz, gz.subarray(0, 1000)])],
  ["gzip that is damaged", damaged],
  ["gzip that something follows", Buffer.concat([gz, Buffer.from("more")])],
  ["zstd that is cut off", zst.subarray(0, -20)],
  ["zstd cut off in its second frame", Buffer.concat([zst, zst.subarray(0, 1000)])],
  ["zstd that something follows", Buffer.concat([zst, Buffer.from("more")])],
  ["what is not compressed", text],
  ["nothing", Buffer.alloc(0)],
])("%s is refused, and nothing is left", async (_, body) => {
  const { error, left } = await fetched({ body, etag }, unpacking);
  expect(error).toMatchObject({ code: "FORMAT_INVALID" });
  expect(error?.message).not.toContain("secret");
  expect(left).toEqual([]);
});

test.each([
  ["gzip", gzipSync],
  ["zstd", zstdCompressSync],
])("a bomb of %s ends at the ratio, or at the most bytes", async (_, pack) => {
  const bomb = pack(Buffer.alloc(64 * 1024 * 1024));
  const byRatio = await fetched({ body: bomb, etag }, { ...unpacking, ratio: 100 });
  expect(byRatio.error).toMatchObject({ code: "LIMIT_EXCEEDED" });
  const body = pack(randomBytes(200_000));
  const bySize = await fetched({ body, etag }, { ...unpacking, maxBytes: 199_999 });
  expect(bySize.error).toMatchObject({ code: "LIMIT_EXCEEDED" });
  expect([...byRatio.left, ...bySize.left]).toEqual([]);
});

test("a hash is that of what was sent, and a wrong one is fetched twice, then refused", async () => {
  const { error, seen, left } = await fetched(
    { body: gz, etag },
    { ...unpacking, sha256: sha256Of(text) },
  );
  expect(error).toMatchObject({ code: "CHECKSUM_MISMATCH" });
  expect(seen).toHaveLength(2);
  expect(left).toEqual([]);
});
