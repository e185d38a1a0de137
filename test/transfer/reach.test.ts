import { expect, test } from "vitest";
import { createHostGuard } from "../../src/staging/host-guard.ts";
import { createStorages } from "../../src/storage/index.ts";
import type { HostGuard } from "../../src/storage/agents.ts";
import { download } from "../../src/transfer/download.ts";
import { type Served, startServer } from "../helpers/faulty-server.ts";
import { good, options, place, sha256Of, body } from "./fetching.ts";

/** Storages for which only addresses are judged. */
function storagesOf(mayReach: HostGuard["mayReach"]) {
  return createStorages({ guard: { mayAsk: () => true, mayReach } });
}

/** Nothing may be reached; what was asked about. */
function refusing() {
  const addresses: string[] = [];
  const mayReach = (address: string): boolean => {
    addresses.push(address);
    return false;
  };
  return { storages: storagesOf(mayReach), addresses };
}

test.each([
  ["a name", "localhost", /^(127\.0\.0\.1|::1)$/],
  ["an address", "127.0.0.1", /^127\.0\.0\.1$/],
  ["an address in one number", "2130706433", /^127\.0\.0\.1$/],
  ["an address in hexadecimal", "0x7f.1", /^127\.0\.0\.1$/],
  ["an address in octal", "0177.0.0.1", /^127\.0\.0\.1$/],
  ["any address", "0.0.0.0", /^0\.0\.0\.0$/],
  ["an IPv6 address", "[::1]", /^::1$/],
  ["any IPv6 address", "[::]", /^::$/],
  ["an IPv4 address in IPv6", "[::ffff:127.0.0.1]", /^::ffff:7f00:1$/],
])("%s that may not be reached is not connected to", async (_, host, asked) => {
  await using server = await startServer(good);
  await using where = await place();
  const url = new URL(server.url);
  url.hostname = host;
  const { storages, addresses } = refusing();
  const refused = download(url, options(where.target, { storages }));
  await expect(refused).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(server.connections()).toBe(0);
  expect(addresses).toHaveLength(1);
  expect(addresses[0]).toMatch(asked);
});

test.each(["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])(
  "a redirect to %s, which may not be reached, is not followed",
  async (host) => {
    await using inner = await startServer(good);
    const to = new URL(inner.url);
    to.hostname = host;
    const answer: Served["answer"] = (_n, _request, response) => {
      response.writeHead(302, { Location: to.href }).end();
      return true;
    };
    await using outer = await startServer({ ...good, answer });
    await using where = await place();
    let isFirst = true;
    const mayReach = (): boolean => {
      const may = isFirst;
      isFirst = false;
      return may;
    };
    const storages = storagesOf(mayReach);
    const refused = download(outer.url, options(where.target, { storages }));
    await expect(refused).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(outer.seen).toHaveLength(1);
    expect(inner.connections()).toBe(0);
  },
);

test("the guard of a service lets none of them through, and a host that is named", async () => {
  await using server = await startServer(good, { host: "localhost" });
  await using where = await place();
  const guarded = (allow: readonly string[]) =>
    download(
      server.url,
      options(where.target, {
        storages: createStorages({ guard: createHostGuard({ allow, deny: [] }) }),
      }),
    );
  await expect(guarded(["*"])).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(guarded(["example.org"])).rejects.toMatchObject({ code: "FORBIDDEN" });
  expect(server.connections()).toBe(0);
  expect((await guarded(["localhost"])).sha256).toBe(sha256Of(body));
});

test("what may be reached is, by its name too", async () => {
  await using server = await startServer(good, { host: "localhost" });
  await using where = await place();
  const names: string[] = [];
  const mayReach = (_address: string, host: string): boolean => names.push(host) > 0;
  const storages = storagesOf(mayReach);
  const done = await download(server.url, options(where.target, { storages }));
  expect(done.sha256).toBe(sha256Of(body));
  expect(new Set(names)).toEqual(new Set(["localhost"]));
});
