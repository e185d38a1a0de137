import { expect, test } from "vitest";
import { credentialsText, type Endpoint, endpointOf } from "../../src/storage/endpoints.ts";

const named: Endpoint = { url: "https://a.example", region: "eu", bucket: "orders" };
const other: Endpoint = { url: "https://b.example", region: "us", bucket: "returns" };
const usual: Endpoint = { url: "https://c.example", region: "us" };

test.each([
  ["the one that names the bucket", { default: usual, named, other }, "orders", named],
  ["of several that one", { named, other }, "returns", other],
  ["the default one for other buckets", { named, default: usual }, "else", usual],
  ["the default one, were it the one that names it", { default: named }, "orders", named],
  ["the default one, though it names another", { default: named }, "else", named],
  ["none where none is the default", { named, other }, "else", undefined],
  ["not one that only has no bucket", { usual }, "orders", undefined],
  ["none where there are none", {}, "orders", undefined],
  ["none that every object has", {}, "toString", undefined],
])("a bucket lies at %s", (_what, endpoints, bucket, found) => {
  expect(endpointOf(endpoints, bucket)).toBe(found);
});

test("credentials are named, and not shown", () => {
  expect(credentialsText(undefined)).toContain("AWS_ACCESS_KEY_ID");
  expect(credentialsText(usual)).toContain("AWS_PROFILE");
  const of = (credentials: Endpoint["credentials"]) => credentialsText({ ...usual, credentials });
  expect(of({ profile: "ada" })).toBe("the credentials of profile ada");
  expect(of({ keyFile: "/etc/keys.json" })).toBe("the credentials in /etc/keys.json");
});
