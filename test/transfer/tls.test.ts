import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createStorages } from "../../src/storage/index.ts";
import { download } from "../../src/transfer/download.ts";
import { makeAuthority, type Pair } from "../helpers/authority.ts";
import { cutPartAfter, type Served, startServer } from "../helpers/faulty-server.ts";
import { body, etag, good, options, place, sha256Of } from "./fetching.ts";

const authority = makeAuthority();
if (authority === undefined) process.stderr.write("https is not tested: there is no openssl\n");
const withTls = test.runIf(authority !== undefined);

/** Fetches from a server with this certificate; `ca` is what we trust beside what Node knows. */
async function over(tls: Pair | undefined, ca: string | undefined, served: Served = good) {
  await using server = await startServer(served, { host: "localhost", tls });
  await using where = await place();
  const storages = createStorages({ ca });
  try {
    const done = await download(server.url, options(where.target, { storages }));
    return { done, connections: server.connections(), seen: server.seen };
  } catch (error) {
    return { error, connections: server.connections(), seen: server.seen };
  }
}

withTls("an authority that is named is trusted", async () => {
  const { done } = await over(authority?.right, authority?.ca);
  expect(done?.sha256).toBe(sha256Of(body));
});

withTls("one that is not, another name, or a time that is over, is refused at once", async () => {
  for (const [pair, ca] of [
    [authority?.right, undefined],
    [authority?.elsewhere, authority?.ca],
    [authority?.over, authority?.ca],
  ] as const) {
    const { error, connections, seen } = await over(pair, ca);
    expect(error).toMatchObject({ code: "UNREACHABLE" });
    expect(String(error)).not.toContain("secret");
    expect(connections).toBe(1);
    expect(seen).toEqual([]);
  }
});

withTls("a redirect from https to http is not followed", async () => {
  await using plain = await startServer(good);
  const answer: Served["answer"] = (_n, _request, response) => {
    response.writeHead(302, { Location: plain.url.href }).end();
    return true;
  };
  const { error } = await over(authority?.right, authority?.ca, { ...good, answer });
  expect(error).toMatchObject({ code: "FORBIDDEN" });
  expect(plain.connections()).toBe(0);
});

withTls("a redirect from http to https is", async () => {
  await using secure = await startServer(good, { host: "localhost", tls: authority?.right });
  const answer: Served["answer"] = (_n, _request, response) => {
    response.writeHead(302, { Location: secure.url.href }).end();
    return true;
  };
  const { done } = await over(undefined, authority?.ca, { ...good, answer });
  expect(done?.sha256).toBe(sha256Of(body));
});

withTls("a large object that is cut again and again is whole over https, too", async () => {
  const large = { body: randomBytes(40 * 1024 * 1024), etag };
  const answer: Served["answer"] = (_n, request, response) =>
    cutPartAfter(large, 9_000_000, request, response);
  const { done } = await over(authority?.right, authority?.ca, { ...large, answer });
  expect(done?.sha256).toBe(sha256Of(large.body));
});

withTls(
  "a large object, in one stream and in ranges, is whole over https, and a small one after it",
  async () => {
    const large = { body: randomBytes(40 * 1024 * 1024), etag };
    await using server = await startServer(large, { host: "localhost", tls: authority?.right });
    await using where = await place();
    const storages = createStorages({ ca: authority?.ca });
    const sha256 = sha256Of(large.body);
    for (const parts of [1, 4]) {
      const more = { storages, parts, partBytes: 8 * 1024 * 1024 };
      const done = await download(server.url, options(`${where.target}.${parts}`, more));
      expect(done.sha256).toBe(sha256);
    }
    server.serve(good);
    const done = await download(server.url, options(where.target, { storages }));
    expect(done.sha256).toBe(sha256Of(body));
  },
);

withTls("what speaks no TLS where https is asked for is no server", async () => {
  await using plain = await startServer(good, { host: "localhost" });
  await using where = await place();
  const url = new URL(plain.url);
  url.protocol = "https:";
  const refused = download(url, options(where.target, { storages: createStorages() }));
  await expect(refused).rejects.toMatchObject({ code: "UNREACHABLE" });
});
