import { expect, test, vi } from "vitest";
import { createHostGuard } from "../../src/staging/host-guard.ts";
import { checkHost } from "../../src/storage/agents.ts";

const anyPublic = createHostGuard({ allow: ["*"], deny: [] });

test.each([
  "127.0.0.1",
  "127.255.0.1",
  "0.0.0.0",
  "10.1.2.3",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "100.100.100.200",
  "224.0.0.1",
  "255.255.255.255",
  "::1",
  "::",
  "fe80::1",
  "fd00:ec2::254",
  "ff02::1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::ffff:169.254.169.254",
  "::ffff:a9fe:a9fe",
  "64:ff9b::7f00:1",
  "2002:7f00:1::",
  "::127.0.0.1",
])("%s is no public address", (address) => {
  expect(anyPublic.mayReach(address, "data.example.org")).toBe(false);
});

test.each(["93.184.216.34", "172.32.0.1", "2606:2800:220:1::1", "::ffff:93.184.216.34"])(
  "%s is one",
  (address) => expect(anyPublic.mayReach(address, "data.example.org")).toBe(true),
);

test("a host or network that is named may have any address, and no other one", () => {
  const guard = createHostGuard({ allow: ["minio", "*.lake.example", "10.0.0.0/8"], deny: [] });
  expect(guard.mayAsk("minio") && guard.mayReach("192.168.1.1", "minio")).toBe(true);
  expect(guard.mayReach("192.168.1.1", "S3.LAKE.example.")).toBe(true);
  expect(guard.mayReach("192.168.1.1", "lake.example")).toBe(false);
  expect(guard.mayReach("192.168.1.1", "evil-lake.example")).toBe(false);
  expect(guard.mayReach("10.1.1.1", "whoever")).toBe(true);
  expect(guard.mayReach("93.184.216.34", "data.example.org")).toBe(false);
});

test("a host that no rule allows is not even looked up", () => {
  expect(createHostGuard({ allow: ["minio"], deny: [] }).mayAsk("data.example.org")).toBe(false);
  expect(anyPublic.mayAsk("data.example.org")).toBe(true);
});

test("a name of this host is asked for only where a rule has it, since a proxy would", () => {
  for (const name of ["localhost", "LOCALHOST.", "a.localhost"])
    expect(anyPublic.mayAsk(name)).toBe(false);
  const named = createHostGuard({ allow: ["*", "localhost"], deny: [] });
  expect(named.mayAsk("localhost")).toBe(true);
});

test("a proxy's own host is no exception for those who ask for it", () => {
  vi.stubEnv("HTTP_PROXY", "http://proxy.example:3128");
  try {
    const named = createHostGuard({ allow: ["*", "proxy.example"], deny: [] });
    const host = { hostname: "proxy.example" };
    expect(() => checkHost(host, anyPublic)).toThrow("may not be reached");
    expect(() => checkHost(host, named)).not.toThrow();
    expect(() => checkHost({ hostname: "data.example.org" }, anyPublic)).not.toThrow();
  } finally {
    vi.unstubAllEnvs();
  }
});

test("what is denied is never reached, whatever else allows it", () => {
  const guard = createHostGuard({
    allow: ["*", "bad.example"],
    deny: ["bad.example", "93.184.0.0/16"],
  });
  expect(guard.mayAsk("bad.example")).toBe(false);
  expect(guard.mayReach("1.2.3.4", "bad.example")).toBe(false);
  expect(guard.mayReach("93.184.216.34", "data.example.org")).toBe(false);
  expect(guard.mayReach("1.2.3.4", "data.example.org")).toBe(true);
});

test("a network that is none is told", () => {
  expect(() => createHostGuard({ allow: ["10.0.0.0/64"], deny: [] })).toThrow(/is no network/);
});
