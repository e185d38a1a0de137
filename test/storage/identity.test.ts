import { expect, test } from "vitest";
import { identityOf, keyOf } from "../../src/storage/identity.ts";

const of = (text: string) => identityOf(new URL(text));
const PLAIN = "https://data.example.org/bucket/a.csv";

test.each([
  [
    "AWS",
    "X-Amz-Algorithm=A&X-Amz-Date=1&X-Amz-Expires=2&X-Amz-Signature=s&X-Amz-Security-Token=t",
  ],
  ["the older AWS", "AWSAccessKeyId=A&Expires=1&Signature=s"],
  ["Google", "X-Goog-Algorithm=A&X-Goog-Signature=s"],
  ["the older Google", "GoogleAccessId=g&Expires=1&Signature=s"],
  ["CloudFront", "Expires=1&Signature=s&Key-Pair-Id=K"],
  ["CloudFront with a policy", "Policy=p&Signature=s&Key-Pair-Id=K"],
  ["Azure", "sv=2024&st=a&se=b&sr=b&sp=r&sig=s"],
  ["the design's example", "signature=abc123"],
])("a signature of %s is no part of an object's identity", (_, query) => {
  expect(of(`${PLAIN}?${query}`)).toBe(PLAIN);
  expect(of(`${PLAIN}?versionId=7&${query}`)).toBe(`${PLAIN}?versionId=7`);
});

test("words that a signature also uses tell objects apart where there is none", () => {
  for (const query of ["policy=a", "expires=1", "Key-Pair-Id=k"])
    expect(of(`${PLAIN}?${query}`)).toBe(`${PLAIN}?${query}`);
});

test("short names are Azure's only beside its signature", () => {
  expect(of(`${PLAIN}?se=1&sp=2`)).toBe(`${PLAIN}?se=1&sp=2`);
});

test("user, password and fragment are no part of it; host, path and query are", () => {
  expect(of("https://u:p@data.example.org/bucket/a.csv#x")).toBe(PLAIN);
  const others = ["https://other.example.org/bucket/a.csv", `${PLAIN}?v=1`, `${PLAIN}.gz`];
  expect(new Set([PLAIN, ...others].map((text) => keyOf(new URL(text)))).size).toBe(4);
});

test("a key tells apart what is expected of an object", () => {
  const url = new URL(PLAIN);
  expect(new Set([keyOf(url), keyOf(url, "a", ""), keyOf(url, "", "a")]).size).toBe(3);
});
