import { expect, test } from "vitest";
import { locationOf, objectOf, redacted } from "../../src/storage/location.ts";

test.each([
  ["s3://bucket/dir/ä b#1?.csv", "dir/ä b#1?.csv"],
  ["s3://bucket/a%20b", "a%20b"],
  ["s3://bucket/a%2Fb", "a%2Fb"],
  ["s3://bucket/100%", "100%"],
  ["s3://bucket/a/../b", "a/../b"],
  ["s3://bucket/%2e%2e/b", "%2e%2e/b"],
  ["s3://bucket/./b", "./b"],
  ["s3://bucket//b", "/b"],
  ["s3://bucket/dir/", "dir/"],
  ["s3://bucket/a\\b", "a\\b"],
  ["s3://bucket/ a\t\n", " a\t\n"],
  ["s3://bucket/user:pass@host/?x=1#y", "user:pass@host/?x=1#y"],
])("%j names exactly one key", (text, key) => {
  const url = locationOf(text);
  expect(objectOf(url)).toEqual({ bucket: "bucket", key });
  // As text it is what the person wrote, and as a URL it goes through URLs unchanged.
  expect(redacted(url)).toBe(text);
  expect(objectOf(new URL(url.href))).toEqual({ bucket: "bucket", key });
});

test.each(["file://host/etc/passwd", "file:///a%2Fb"])(
  "%j names no file of this machine",
  (text) => {
    expect(() => locationOf(text)).toThrow("not a location");
  },
);

test("a bucket keeps its letters", () => {
  expect(objectOf(locationOf("S3://My_Bucket.1/k")).bucket).toBe("My_Bucket.1");
});

test.each([
  "s3://bucket",
  "s3://bucket/",
  "s3:///key",
  "s3://bucket/.",
  "s3://bucket/..",
  "s3://../key",
  "s3://bucket:80/key",
  "s3://user:pass@bucket/key",
  "s3://bucket/\ud800",
])("%j names no object", (text) => {
  expect(() => locationOf(text)).toThrow(/^not an object, as s3:\/\/bucket\/key is: (?!.*pass)/);
});

test("a URL that was made in another way names an object only where it can be no other", () => {
  for (const text of ["s3://bucket/k?x", "s3://bucket/k#x", "s3://bucket/%zz", "s3://bucket/"])
    expect(() => objectOf(new URL(text))).toThrow("names no object");
});
