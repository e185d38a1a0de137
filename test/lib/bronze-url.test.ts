import { expect, test } from "vitest";
import { isUrl, sealIn, shownBronze, whyNotBelow, withSeal } from "../../src/lib/bronze-url.ts";

const prefixes = ["https://host/path/", "s3://bucket/a/", "http://h:8080/"];

test.each([
  "https://host/path/a.csv",
  "https://HOST/path/a.csv?sig=1",
  "https://host:443/path/deep/er/a.csv",
  "https://host/path/a%20b..csv",
  "https://host/path/..a/b..",
  "https://host/other/../path/a.csv",
  "s3://bucket/a/b.parquet",
  "S3://bucket/a/b?c#d%20",
  "http://h:8080/x",
])("%s is below", (text) => {
  expect(whyNotBelow(text, prefixes)).toBeUndefined();
});

test.each([
  "https://host/path/",
  "https://host/path",
  "https://host/pathology/a.csv",
  "https://host.evil/path/a.csv",
  "https://host@evil/path/a.csv",
  "https://evil/https://host/path/a.csv",
  "https://host:444/path/a.csv",
  "http://host/path/a.csv",
  "https://host/path/../a.csv",
  "https://host/path/%2e%2e/a.csv",
  "https://host/path/x%2f..%2f..%2fa.csv",
  "https://host/path/%252e%252e%252fa.csv",
  "https://host/path/..%5ca.csv",
  "https://user@host/path/a.csv",
  "s3://bucket2/a/b.parquet",
  "s3://bucket/b.parquet",
  "s3://bucket/a/",
  "s3://user:pass@bucket/a/b",
  "s3://…@bucket/a/b",
  "s3://BUCKET/a/b",
  "s3://bucket/a/../b.parquet",
  "https://",
])("%s is not", (text) => {
  expect(whyNotBelow(text, prefixes)).toEqual(expect.any(String));
});

test.each([
  ["bronze/a.csv", false],
  ["/data/https://x", false],
  ["file:///etc/passwd", false],
  ["https:/x", false],
  ["HTTPS://x", true],
  ["s3://b/k", true],
])("%s is a URL: %s", (text, is) => {
  expect(isUrl(text)).toBe(is);
});

test.each([
  ["https://u:p@ss@h/a?sig=x#y", "https://h/a?…"],
  ["https://h/a#y", "https://h/a?…"],
  ["https://h/a", "https://h/a"],
  ["https://h/a?…", "https://h/a?…"],
  [withSeal("https://u@h/a?b=c", "abc"), "https://h/a?…"],
  ["s3://b/k?x#y@z", "s3://b/k?x#y@z"],
  ["s3://user:pass@b/k", "s3://…@b/k"],
  ["bronze/a?b#c", "bronze/a?b#c"],
])("%s is shown as %s", (text, shown) => {
  expect(shownBronze(text)).toBe(shown);
});

test("a seal is found where one was set", () => {
  expect(sealIn(withSeal("https://h/a?b=c", "x-_9"))).toBe("x-_9");
  expect(sealIn("https://h/a?…")).toBeUndefined();
  expect(sealIn("s3://b/a?…#b")).toBeUndefined();
  expect(sealIn("bronze/a?…#b")).toBeUndefined();
});
