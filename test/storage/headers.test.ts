import { expect, test } from "vitest";
import {
  contentRange,
  digestsIn,
  retryAfterMs,
  sizeOutside,
  versionIn,
} from "../../src/storage/headers.ts";
import { expiresAt, locationOf, redacted } from "../../src/storage/location.ts";

test.each([
  ["bytes 5-9/10", { start: 5, end: 9, size: 10 }],
  ["bytes 5-9/*", { start: 5, end: 9, size: undefined }],
  ["bytes 9-5/10", undefined],
  ["bytes 5-10/10", undefined],
  ["bytes */10", undefined],
  ["items 5-9/10", undefined],
  ["", undefined],
])("Content-Range %s", (text, range) => {
  expect(contentRange(text)).toEqual(range);
});

test("a range that lies outside says the size", () => {
  expect(sizeOutside("bytes */10")).toBe(10);
  expect(sizeOutside("bytes 5-9/10")).toBeUndefined();
});

test("Retry-After is seconds or a date; one that is over means now", () => {
  const now = Date.parse("2026-11-29T12:00:00Z");
  expect(retryAfterMs("7", now)).toBe(7000);
  expect(retryAfterMs("Sun, 29 Nov 2026 12:00:09 GMT", now)).toBe(9000);
  expect(retryAfterMs("Sun, 29 Nov 2026 11:00:00 GMT", now)).toBe(0);
  expect(retryAfterMs("soon", now)).toBeUndefined();
  expect(retryAfterMs(undefined, now)).toBeUndefined();
});

test("only what no two versions share is a version: a strong ETag, or a date that is old enough", () => {
  const [date, before] = ["Sun, 29 Nov 2026 12:00:00 GMT", "Sun, 29 Nov 2026 11:59:58 GMT"];
  expect(versionIn({ etag: '"a"' })).toBe('"a"');
  expect(versionIn({ etag: 'W/"a"' })).toBeUndefined();
  expect(versionIn({ etag: 'W/"a"', date, "last-modified": before })).toBe(before);
  expect(versionIn({ date, "last-modified": date })).toBeUndefined();
  expect(versionIn({ "last-modified": before })).toBeUndefined();
});

test("hashes that are offered are of the whole object, or are none", () => {
  const sha256 = Buffer.alloc(32, 7);
  const md5 = Buffer.alloc(16, 9);
  const [long, short] = [sha256.toString("base64"), md5.toString("base64")];
  const known = { sha256: sha256.toString("hex"), md5: md5.toString("hex") };
  expect(digestsIn({ "repr-digest": `sha-512=:x:, sha-256=:${long}:` }, false)).toEqual({
    sha256: known.sha256,
  });
  expect(digestsIn({ "x-amz-checksum-sha256": long, "content-md5": short }, true)).toEqual(known);
  expect(digestsIn({ "x-goog-hash": `crc32c=AAAA, md5=${short}` }, false)).toEqual({
    md5: known.md5,
  });
  expect(digestsIn({ "x-amz-checksum-sha256": `${long}-3`, "content-md5": short }, false)).toEqual(
    {},
  );
  expect(digestsIn({ "repr-digest": "sha-256=:short:" }, true)).toEqual({});
});

test.each([
  [
    "https://a/b?X-Amz-Date=20261129T120000Z&X-Amz-Expires=60&X-Amz-Signature=s",
    "2026-11-29T12:01:00Z",
  ],
  ["https://a/b?X-Goog-Date=20261129T120000Z&X-Goog-Expires=3600", "2026-11-29T13:00:00Z"],
  ["https://a/b?sv=1&se=2026-11-29T14:00:00Z&sig=s", "2026-11-29T14:00:00Z"],
  ["https://a/b?Expires=1796040000&Signature=s&Key-Pair-Id=k", "2026-11-30T12:00:00Z"],
])("%s says when its time is over", (text, when) => {
  expect(expiresAt(new URL(text))).toBe(Date.parse(when));
});

test("a URL that is not signed has no end, and none shows its secrets", () => {
  expect(expiresAt(new URL("https://a/b?se=2026-11-29T14:00:00Z&expires=1"))).toBeUndefined();
  expect(redacted(new URL("https://user:pass@a/b?X-Amz-Signature=s#f"))).toBe("https://a/b?…");
  expect(redacted(new URL("https://a/b"))).toBe("https://a/b");
  expect(() => locationOf("https://user:pass@[/?sig=s")).toThrow(/^(?!.*(pass|sig=)).*$/);
  expect(locationOf("/data/a b.csv").href).toBe("file:///data/a%20b.csv");
});
