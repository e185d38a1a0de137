import { statfs } from "node:fs/promises";
import { expect, test } from "vitest";
import { download } from "../../src/transfer/download.ts";
import { createRateLimit } from "../../src/transfer/rate.ts";
import { type Served, startServer } from "../helpers/faulty-server.ts";
import { body, BYTES, etag, fetched, good, options, place, sha256Of } from "./fetching.ts";

test("what there is no room for is refused before its first byte, and what is missing is said", async () => {
  await using where = await place();
  const { bavail, bsize } = await statfs(where.directory);
  const size = bavail * bsize + 2 ** 40;
  const answer: Served["answer"] = (_n, _request, response) => {
    response.writeHead(200, { ETag: etag, "Content-Length": size }).flushHeaders();
    return true;
  };
  const { error, left, seen } = await fetched({ ...good, answer });
  expect(error).toMatchObject({ code: "LIMIT_EXCEEDED" });
  expect(error?.message).toMatch(/free, and .* are needed: [\d.]+ [KMGT]iB are missing/);
  expect(left).toEqual([]);
  expect(seen).toHaveLength(1);
});

test("an object that is larger than it may be is refused, whether it says so or not", async () => {
  const said = await fetched(good, { maxBytes: BYTES - 1 });
  expect(said.error).toMatchObject({ code: "LIMIT_EXCEEDED" });
  expect(said.error?.message).not.toContain("secret");
  const answer: Served["answer"] = (_n, _request, response) => {
    response.writeHead(200, { ETag: etag }).end(body);
    return true;
  };
  const unsaid = await fetched({ ...good, answer }, { maxBytes: BYTES - 1 });
  expect(unsaid.error).toMatchObject({ code: "LIMIT_EXCEEDED" });
  expect([...said.left, ...unsaid.left]).toEqual([]);
  const just = await fetched({ ...good, answer }, { maxBytes: BYTES });
  expect(just.done?.sha256).toBe(sha256Of(body));
});

test("transfers that share a rate take no more than it together, and another one from when it is set", async () => {
  const limit = createRateLimit(BYTES);
  await using server = await startServer(good);
  await using where = await place();
  const started = performance.now();
  const targets = ["a", "b"].map((name) => `${where.target}.${name}`);
  const { signal } = new AbortController();
  await Promise.all(
    targets.map((target) => download(server.url, options(target, { limit, signal }))),
  );
  // Twice the bytes of a second, but for what may be saved up.
  expect(performance.now() - started).toBeGreaterThan(1800);

  limit.change(1);
  const slow = download(server.url, options(where.target, { limit, signal }));
  limit.change(undefined);
  expect((await slow).sha256).toBe(sha256Of(body));
});

test("who waits for the rate can be stopped, and is not taken for a server that stalls", async () => {
  const abort = new AbortController();
  const waiting = createRateLimit(1).take(1000, abort.signal);
  abort.abort(new Error("stopped"));
  await expect(waiting).rejects.toThrow();
  const limit = createRateLimit(BYTES);
  const { done } = await fetched(good, { limit, stallMs: 100, retries: 0 });
  expect(done?.requests).toBe(1);
});
