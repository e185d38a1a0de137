import { expect, test } from "vitest";
import { isLocal, listenAddress } from "../../src/config/listen.ts";
import { parseConfig } from "../../src/config/load.ts";

test.each([
  ["127.0.0.1:9464", { host: "127.0.0.1", port: 9464 }, true],
  ["127.1.2.3:0", { host: "127.1.2.3", port: 0 }, true],
  ["localhost:9464", { host: "localhost", port: 9464 }, true],
  ["[::1]:9464", { host: "::1", port: 9464 }, true],
  ["0.0.0.0:65535", { host: "0.0.0.0", port: 65_535 }, false],
  ["[::]:80", { host: "::", port: 80 }, false],
  ["lake-7.example.com:9464", { host: "lake-7.example.com", port: 9464 }, false],
  ["127.0.0.1.example.com:1", { host: "127.0.0.1.example.com", port: 1 }, false],
  ["/run/staging-sampler/page.sock", { path: "/run/staging-sampler/page.sock" }, true],
])("http.listen: %s", (listen, address, local) => {
  const { http } = parseConfig(JSON.stringify({ http: { listen } }), "c.yaml");
  expect(http).toEqual({ listen, hosts: [] });
  expect(listenAddress(listen)).toEqual(address);
  expect(isLocal(address)).toBe(local);
});

test("nothing is served unless http.listen says where", () => {
  expect(parseConfig("", "c.yaml").http).toEqual({ listen: null, hosts: [] });
  expect(parseConfig("http: { listen: null }", "c.yaml").http.listen).toBeNull();
});

test.each([
  ["a port alone", "9464"],
  ["a port without a host", '":9464"'],
  ["a host without a port", "localhost"],
  ["an IPv6 address without brackets", '"::1:9464"'],
  ["a port that is none", '"127.0.0.1:70000"'],
  ["an address of a page", '"http://127.0.0.1:9464/"'],
  ["a relative path", "run/page.sock"],
  ["a path that ends with a slash", "/run/"],
  ["a path that a socket has no room for", `/${"a".repeat(107)}`],
  ["yes", "true"],
])("http.listen: %s is refused, with its line and what to use", (_what, text) => {
  expect(() => parseConfig(`watch: true\nhttp:\n  listen: ${text}\n`, "c.yaml")).toThrow(
    /^c\.yaml:3: http\.listen: .*such as 127\.0\.0\.1:9464/,
  );
});

test("http.hosts are names without a port", () => {
  expect(parseConfig("http: { hosts: [samples.example.com] }", "c.yaml").http.hosts).toHaveLength(
    1,
  );
  expect(() => parseConfig("http:\n  hosts: [https://a.b/]\n", "c.yaml")).toThrow(
    /:2: http\.hosts\.0: /,
  );
});
