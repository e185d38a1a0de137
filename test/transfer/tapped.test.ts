import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { download, type DownloadOptions } from "../../src/transfer/download.ts";
import {
  cutPartAfter,
  headOf,
  type Seen,
  sendRaw,
  type Served,
  startServer,
} from "../helpers/faulty-server.ts";
import { etag, hashOf, options, place, sha256Of } from "./fetching.ts";

/** Large enough to be read past Node's parser. */
const BYTES = 48 * 1024 * 1024;
const body = randomBytes(BYTES);
const sha256 = sha256Of(body);
const large: Served = { body, etag };
/** In one stream. */
const alone = { parts: 1 };

async function fetchedLarge(answer: Served["answer"], more: Partial<DownloadOptions> = {}) {
  await using server = await startServer({ ...large, answer });
  await using where = await place();
  try {
    const done = await download(server.url, options(where.target, { ...alone, ...more }));
    return { done, hash: await hashOf(where.target), seen: server.seen };
  } catch (error) {
    return { error: error as Error & { code: string }, seen: server.seen };
  }
}

test("a large object is whole", async () => {
  const { done, hash } = await fetchedLarge(undefined);
  expect(done).toMatchObject({ bytes: BYTES, sha256, requests: 1 });
  expect(hash).toBe(sha256);
});

test("a small one, and another large one, come over the next connection", async () => {
  await using server = await startServer(large);
  await using where = await place();
  for (const name of ["a", "b"]) {
    const done = await download(server.url, options(`${where.target}.${name}`, alone));
    expect(done.sha256).toBe(sha256);
    server.serve({ body: body.subarray(0, 5000), etag });
    const small = await download(server.url, options(`${where.target}.${name}-small`, alone));
    expect(small.sha256).toBe(sha256Of(body.subarray(0, 5000)));
    server.serve(large);
  }
  // A large one leaves its connection unfit for others, a small one does not.
  expect(server.connections()).toBe(3);
});

test.each([0, 1, 65_000, 70_000, BYTES / 2, BYTES - 1])(
  "cut after %i bytes it is taken up there",
  async (bytes) => {
    const answer: Served["answer"] = (n, request, response) =>
      n === 0 && cutPartAfter(large, bytes, request, response);
    const { done, hash, seen } = await fetchedLarge(answer);
    expect(done?.sha256).toBe(sha256);
    expect(hash).toBe(sha256);
    // The connection was reset: what had not been read by then is lost.
    const from = Number(/^bytes=(\d+)-$/.exec((seen.at(-1) as Seen).range ?? "bytes=0-")?.[1]);
    expect(from).toBeLessThanOrEqual(bytes);
  },
);

test("cut again and again it comes to its end", async () => {
  const answer: Served["answer"] = (_n, request, response) =>
    cutPartAfter(large, 5_000_000, request, response);
  const { hash, seen } = await fetchedLarge(answer);
  expect(hash).toBe(sha256);
  expect(seen.length).toBeGreaterThan(9);
});

test("a server that stalls in the middle is left, and asked for the rest", async () => {
  const answer: Served["answer"] = (n, request, response) => {
    const head = headOf(large, request);
    if (n > 0 || head === undefined) return false;
    response.writeHead(head.status, head.headers).write(body.subarray(0, BYTES / 2));
    return true;
  };
  const { hash, seen } = await fetchedLarge(answer, { stallMs: 500 });
  expect(hash).toBe(sha256);
  expect(seen[1]?.range).toBe(`bytes=${BYTES / 2}-`);
});

test("a body that ends early is fetched on; one that goes on behind its end is cut there", async () => {
  const head = `HTTP/1.1 200 OK\r\nETag: ${etag}\r\nContent-Length: ${BYTES}\r\n\r\n`;
  const early: Served["answer"] = (n, _request, response) =>
    n === 0 && sendRaw(response, [head, body.subarray(0, BYTES / 3)]);
  const short = await fetchedLarge(early);
  expect(short.hash).toBe(sha256);
  expect(short.seen[1]?.range).toBe(`bytes=${BYTES / 3}-`);
  const late: Served["answer"] = (_n, _request, response) =>
    sendRaw(response, [head, body, "and more"]);
  const { done, hash } = await fetchedLarge(late, { sha256 });
  expect(done?.verified).toBe(true);
  expect(hash).toBe(sha256);
});

test("one that is stopped ends at once, and leaves what it has", async () => {
  const abort = new AbortController();
  const onProgress = (bytes: number) => bytes > BYTES / 2 && abort.abort(new Error("stopped"));
  const { error } = await fetchedLarge(undefined, { signal: abort.signal, onProgress });
  expect(error?.message).toBe("stopped");
});

test("in ranges it is the same", async () => {
  const parts = { parts: 3, partBytes: 8 * 1024 * 1024 };
  const { promise, resolve } = Promise.withResolvers<void>();
  const answer: Served["answer"] = (n, request, response) => {
    const head = headOf(large, request);
    if (n === 3) resolve();
    if (n > 0 || head === undefined) return false;
    response.writeHead(head.status, head.headers).write(body.subarray(0, 100_000));
    void promise.then(() => response.end(body.subarray(100_000)));
    return true;
  };
  const { hash, seen } = await fetchedLarge(answer, { ...parts, sha256 });
  expect(hash).toBe(sha256);
  expect(seen.length).toBeGreaterThan(3);
});
