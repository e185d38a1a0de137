import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { download } from "../../src/transfer/download.ts";
import {
  cutAfter,
  cutPartAfter,
  type Seen,
  type Served,
  startServer,
} from "../helpers/faulty-server.ts";
import { body, BYTES, etag, fetched, good, options, other, place, sha256Of } from "./fetching.ts";

test("a whole file is there under its name, and nothing else", async () => {
  const { done, bytes, left } = await fetched(good, { sha256: sha256Of(body) });
  expect(done).toEqual({
    bytes: BYTES,
    sha256: sha256Of(body),
    verified: true,
    version: etag,
    requests: 1,
  });
  expect(bytes?.equals(body)).toBe(true);
  expect(left).toEqual(["orders.csv"]);
});

const cuts: Readonly<Record<string, (n: number, response: ServerResponse) => boolean>> = {
  "before the head": (n, response) => n === 0 && (response.socket?.destroy(), true),
  "after the head": (n, response) => n === 0 && cutAfter(good, 0, response),
  "in the middle": (n, response) => n === 0 && cutAfter(good, BYTES / 2, response),
};

test.each(Object.entries(cuts))(
  "a connection that is cut %s is taken up where it was",
  async (_when, cut) => {
    const answer: Served["answer"] = (n, _request, response) => cut(n, response);
    const { done, bytes, seen } = await fetched({ ...good, answer });
    expect(bytes?.equals(body)).toBe(true);
    expect(done?.requests).toBe(2);
    const [, second] = seen;
    if (second?.range !== undefined) expect(second.ifRange).toBe(etag);
  },
);

test("cut at every chunk it comes to its end all the same: progress begins the count again", async () => {
  const answer: Served["answer"] = (_n, request, response) =>
    cutPartAfter(good, 300_000, request, response);
  const { done, bytes, seen } = await fetched({ ...good, answer });
  expect(bytes?.equals(body)).toBe(true);
  expect(done?.requests).toBeGreaterThan(8);
  expect(seen.slice(1).every(({ ifRange }) => ifRange === etag)).toBe(true);
});

test("an object that changes midway is fetched from its start: never a mixture", async () => {
  const changed = { body: other, etag: '"v2"' };
  await using server = await startServer({
    ...good,
    answer(n, _request, response) {
      if (n > 0) return false;
      server.serve(changed);
      return cutAfter(good, BYTES / 2, response);
    },
  });
  await using where = await place();
  const done = await download(server.url, options(where.target));
  expect(done).toMatchObject({ bytes: BYTES, sha256: sha256Of(other) });
});

test("a server that ignores If-Range and sends a part of another version is caught by its ETag", async () => {
  const answer: Served["answer"] = (n, request, response) => {
    if (n === 0) return cutAfter(good, BYTES / 2, response);
    if (request.headers.range === undefined) return false;
    const start = BYTES / 2;
    const range = `bytes ${start}-${BYTES - 1}/${BYTES}`;
    response.writeHead(206, { ETag: '"v2"', "Content-Range": range }).end(other.subarray(start));
    return true;
  };
  const { error, left } = await fetched({ ...good, answer });
  expect(error).toMatchObject({ code: "UNREACHABLE" });
  expect(left).toEqual(["orders.csv.part", "orders.csv.part.json"]);
});

test.each([
  ["another start", `bytes 5-${BYTES - 1}/${BYTES}`],
  ["no range", "nonsense"],
  ["an end beyond the size", `bytes ${BYTES / 2}-${BYTES - 1}/${BYTES - 7}`],
  ["another size", `bytes ${BYTES / 2}-${BYTES - 8}/${BYTES - 7}`],
])("a part with a wrong Content-Range (%s) is not used", async (_what, range) => {
  const answer: Served["answer"] = (n, _request, response) => {
    if (n === 0) return cutAfter(good, BYTES / 2, response);
    response.writeHead(206, { ETag: etag, "Content-Range": range }).end(body.subarray(BYTES / 2));
    return true;
  };
  const { error } = await fetched({ ...good, answer });
  expect(error).toMatchObject({ code: "UNREACHABLE" });
});

test("without a version nothing is glued together: it begins again, and not for ever", async () => {
  const answer: Served["answer"] = (_n, _request, response) =>
    cutAfter({ body }, BYTES / 2, response);
  const { error, seen, left } = await fetched({ body, answer });
  expect(error).toMatchObject({ code: "FILE_CHANGED" });
  expect(seen.every(({ range }) => range === undefined)).toBe(true);
  expect(left).toEqual([]);
});

test("a body without a length that ends early is whole for nobody who knows its hash", async () => {
  const answer: Served["answer"] = (_n, _request, response) => {
    response.writeHead(200, { Connection: "close" });
    response.flushHeaders();
    response.socket?.end(body.subarray(0, 1000));
    return true;
  };
  const unknown = await fetched({ body, answer });
  expect(unknown.done?.verified ?? false).toBe(false);
  const known = await fetched({ body, answer }, { sha256: sha256Of(body) });
  expect(known.error?.code).toMatch(/^(CHECKSUM_MISMATCH|UNREACHABLE|FILE_CHANGED)$/);
});

test("a wrong hash is fetched twice, then refused, and nothing stays", async () => {
  const { error, seen, left } = await fetched(good, { sha256: "0".repeat(64) });
  expect(error).toMatchObject({ code: "CHECKSUM_MISMATCH" });
  expect(seen).toHaveLength(2);
  expect(left).toEqual([]);
});

test("what a source offers is compared, and says whether it is verified", async () => {
  const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("base64");
  const offering =
    (of: Buffer): Served["answer"] =>
    (_n, _request, response) => {
      const headers = { "Repr-Digest": `sha-256=:${digest(of)}:`, "Content-Length": BYTES };
      response.writeHead(200, headers).end(body);
      return true;
    };
  expect((await fetched({ body, answer: offering(body) })).done).toMatchObject({ verified: true });
  const { error } = await fetched({ body, answer: offering(other) });
  expect(error).toMatchObject({ code: "CHECKSUM_MISMATCH" });
  const md5 = (bytes: Buffer) => createHash("md5").update(bytes).digest("base64");
  const answer: Served["answer"] = (_n, _request, response) => {
    response.writeHead(200, { "Content-MD5": md5(body), "Content-Length": BYTES }).end(body);
    return true;
  };
  expect((await fetched({ body, answer })).done).toMatchObject({ verified: true });
});

test.each([429, 503, 500, 408])(
  "%i is tried again, as soon as Retry-After says",
  async (status) => {
    const answer: Served["answer"] = (n, _request, response) => {
      if (n > 1) return false;
      const when = n === 0 ? "0" : new Date(Date.now() - 1000).toUTCString();
      response.writeHead(status, { "Retry-After": when }).end("busy");
      return true;
    };
    const { bytes, seen } = await fetched({ ...good, answer });
    expect(bytes?.equals(body)).toBe(true);
    expect(seen).toHaveLength(3);
  },
);

test.each([
  [404, "", "FILE_MISSING"],
  [410, "", "FILE_MISSING"],
  [401, "", "FORBIDDEN"],
  [403, "<Code>AccessDenied</Code>", "FORBIDDEN"],
  [403, "<Message>Request has expired</Message>", "URL_EXPIRED"],
  [400, "<Code>ExpiredToken</Code>", "URL_EXPIRED"],
  [405, "", "UNREACHABLE"],
])("%i (%s) is %s, and is asked once", async (status, text, code) => {
  const answer: Served["answer"] = (_n, _request, response) => {
    response.writeHead(status).end(text);
    return true;
  };
  const { error, seen } = await fetched({ ...good, answer });
  expect(error).toMatchObject({ code });
  expect(seen).toHaveLength(1);
  expect(error?.message).not.toContain("secret");
});

test("redirects are followed, and neither for ever nor to what is no web address", async () => {
  const to =
    (location: (n: number) => string): Served["answer"] =>
    (n, request, response) => {
      if (request.url?.startsWith("/there") === true) return false;
      response.writeHead(302, { Location: location(n) }).end();
      return true;
    };
  const { bytes } = await fetched({ ...good, answer: to(() => "/there") });
  expect(bytes?.equals(body)).toBe(true);
  const { error, seen } = await fetched({ ...good, answer: to((n) => `/again-${n}`) });
  expect(error).toMatchObject({ code: "UNREACHABLE" });
  expect(seen).toHaveLength(11);
  const elsewhere = await fetched({ ...good, answer: to(() => "file:///etc/passwd") });
  expect(elsewhere.error).toMatchObject({ code: "UNREACHABLE" });
});

test.each(["head", "body"])(
  "a server that stalls in its %s is left, and asked again",
  async (where) => {
    const answer: Served["answer"] = (n, _request, response) => {
      if (n > 0) return false;
      if (where === "body") {
        response.writeHead(200, { ETag: etag, "Content-Length": BYTES });
        response.write(body.subarray(0, 1000));
      }
      return true;
    };
    const { bytes, seen } = await fetched({ ...good, answer }, { stallMs: 200 });
    expect(bytes?.equals(body)).toBe(true);
    expect(seen).toHaveLength(2);
  },
);

test("what is encoded though nobody asked for it is kept as it came, and said", async () => {
  const answer: Served["answer"] = (_n, _request, response) => {
    response.writeHead(200, { "Content-Encoding": "gzip", ETag: etag }).end(body);
    return true;
  };
  const { done } = await fetched({ body, answer });
  expect(done).toMatchObject({ encoding: "gzip", verified: false, sha256: sha256Of(body) });
});

test("a process that is stopped leaves what it has, and the next one goes on from there", async () => {
  await using where = await place();
  const abort = new AbortController();
  await using server = await startServer({
    ...good,
    answer(n, request, response) {
      return n === 0 && cutPartAfter(good, BYTES / 3, request, response);
    },
  });
  const onProgress = (bytes: number) => bytes >= BYTES / 3 && abort.abort(new Error("stopped"));
  const stopped = download(server.url, options(where.target, { signal: abort.signal, onProgress }));
  await expect(stopped).rejects.toThrow("stopped");
  const done = await download(server.url, options(where.target, { sha256: sha256Of(body) }));
  expect(done).toMatchObject({ bytes: BYTES, verified: true });
  const { range = "", ifRange } = server.seen.at(-1) as Seen;
  expect(Number(/^bytes=(\d+)-$/.exec(range)?.[1])).toBeGreaterThanOrEqual(BYTES / 3);
  expect(ifRange).toBe(etag);
});

test("damage in what an earlier process left is found, and all is fetched again", async () => {
  await using where = await place();
  await using server = await startServer(good);
  const of = `${server.url.origin}${server.url.pathname}?…`;
  const owner = { pid: process.pid, token: "of the process before" };
  await writeFile(`${where.target}.part.json`, JSON.stringify({ of, version: etag, owner }));
  await writeFile(`${where.target}.part`, other.subarray(0, 1000));
  const done = await download(server.url, options(where.target, { sha256: sha256Of(body) }));
  expect(done).toMatchObject({ verified: true, requests: 2 });
});

test("what is longer than the object is now was another version: it is fetched from its start", async () => {
  await using where = await place();
  await using server = await startServer(good);
  const of = `${server.url.origin}${server.url.pathname}?…`;
  const owner = { pid: process.pid, token: "of the process before" };
  await writeFile(`${where.target}.part.json`, JSON.stringify({ of, version: etag, owner }));
  await writeFile(`${where.target}.part`, Buffer.alloc(BYTES + 1));
  const done = await download(server.url, options(where.target));
  expect(done).toMatchObject({ bytes: BYTES, sha256: sha256Of(body) });
});

test("a file of this machine is copied, and one that is not there is said to be missing", async () => {
  await using where = await place();
  const from = join(where.directory, "from.csv");
  await writeFile(from, body);
  const done = await download(pathToFileURL(from), options(where.target));
  expect(done.sha256).toBe(sha256Of(body));
  const missing = pathToFileURL(join(where.directory, "nothing"));
  await expect(download(missing, options(`${where.target}2`))).rejects.toMatchObject({
    code: "FILE_MISSING",
  });
});
