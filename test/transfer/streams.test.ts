import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { readFile, utimes, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { bootIdOf } from "../../src/system/boot-id.ts";
import { download } from "../../src/transfer/download.ts";
import { asked, headOf, type Served, startServer } from "../helpers/faulty-server.ts";
import { body, BYTES, etag, fetched, good, options, other, place, sha256Of } from "./fetching.ts";

/** Small parts, so that a small object has many. */
const spread = { parts: 4, partBytes: 128 * 1024 };
const BEGUN = 1000;

/** Answers the first request with a few bytes, and the rest once so many others were answered. */
function slowFirst(others: number, answer: Served["answer"] = () => false): Served["answer"] {
  let answered = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  return (n, request, response) => {
    if (n === 0) {
      void trickle(response, promise);
      return true;
    }
    void once(response, "close").then(() => {
      answered += 1;
      if (answered >= others) resolve();
    });
    return answer(n, request, response) ?? false;
  };
}

async function trickle(response: ServerResponse, released: Promise<void>): Promise<void> {
  const headers = { ETag: etag, "Content-Length": BYTES, "Accept-Ranges": "bytes" };
  response.writeHead(200, headers).write(body.subarray(0, BEGUN));
  await released;
  response.end(body.subarray(BEGUN));
}

const rangesIn = (seen: readonly { readonly range: string | undefined }[]) =>
  seen.flatMap(({ range }) => {
    const found = /^bytes=(\d+)-(\d+)$/.exec(range ?? "");
    return found === null ? [] : [{ start: Number(found[1]), end: Number(found[2]) + 1 }];
  });

test("while a large object comes slowly, others fetch ranges of it, each byte once", async () => {
  const answer = slowFirst(6);
  const { done, bytes, seen, left } = await fetched(
    { ...good, answer },
    { ...spread, sha256: sha256Of(body) },
  );
  expect(bytes?.equals(body)).toBe(true);
  expect(done?.verified).toBe(true);
  expect(left).toEqual(["orders.csv"]);
  expect(seen.slice(1).every(({ ifRange }) => ifRange === etag)).toBe(true);
  const ranges = rangesIn(seen).toSorted((a, b) => a.start - b.start);
  expect(ranges).toHaveLength(seen.length - 1);
  expect(ranges.length).toBeGreaterThan(5);
  for (const [i, { start }] of ranges.slice(1).entries())
    expect(start).toBeGreaterThanOrEqual((ranges[i] as { end: number }).end);
});

test("a small object, one without a version, and one that says no ranges are asked for once", async () => {
  for (const served of [{ ...good, body: body.subarray(0, 200_000) }, { body }, good]) {
    const answer: Served["answer"] = (_n, request, response) => {
      const head = headOf(served, request);
      const { "Accept-Ranges": ranges, ...headers } = (head?.headers ?? {}) as Record<
        string,
        string | number
      >;
      const kept = served === good ? headers : { ...headers, "Accept-Ranges": ranges ?? "" };
      response.writeHead(200, kept).write(served.body.subarray(0, BEGUN));
      // Time for others to be asked for, if any were.
      setTimeout(() => response.end(served.body.subarray(BEGUN)), 400);
      return true;
    };
    const { bytes, seen } = await fetched({ ...served, answer }, spread);
    expect(bytes?.equals(served.body)).toBe(true);
    expect(seen).toHaveLength(1);
  }
});

test.each([429, 503, 403, 404, 500])(
  "a server that answers %i to a second request is asked for all in one",
  async (status) => {
    const answer = slowFirst(1, (_n, _request, response) => {
      response.writeHead(status).end();
      return true;
    });
    const { bytes, seen } = await fetched({ ...good, answer }, spread);
    expect(bytes?.equals(body)).toBe(true);
    expect(seen).toHaveLength(2);
  },
);

test("a server that bears two streams is given two", async () => {
  let open = 0;
  const answer = slowFirst(20, (_n, _request, response) => {
    if (open >= 1) {
      response.writeHead(503).end();
      return true;
    }
    open += 1;
    void once(response, "close").then(() => (open -= 1));
    return false;
  });
  const { bytes } = await fetched({ ...good, answer }, spread);
  expect(bytes?.equals(body)).toBe(true);
});

/** Answers that show another object than the one that was begun. */
const others: Readonly<
  Record<string, (request: IncomingMessage, response: ServerResponse) => void>
> = {
  "all of it": (_request, response) =>
    void response.writeHead(200, { ETag: etag, "Content-Length": BYTES }).end(body),
  "all of another version": (_request, response) =>
    void response.writeHead(200, { ETag: '"v2"', "Content-Length": BYTES }).end(other),
  "a part of another version": (request, response) => {
    const head = headOf({ body: other, etag }, request);
    response.writeHead(206, { ...head?.headers, ETag: '"v2"' }).end(head?.bytes);
  },
  "another part": (request, response) => {
    const { start, end } = asked(good, request) ?? { start: 0, end: 1 };
    const range = `bytes ${start + 1}-${end}/${BYTES}`;
    response
      .writeHead(206, { ETag: etag, "Content-Range": range })
      .end(body.subarray(start + 1, end + 1));
  },
  "a part of something larger": (request, response) => {
    const { start, end } = asked(good, request) ?? { start: 0, end: 1 };
    const range = `bytes ${start}-${end - 1}/${BYTES + 1}`;
    response.writeHead(206, { ETag: etag, "Content-Range": range }).end(other.subarray(start, end));
  },
};

test.each(Object.entries(others))(
  "where a range is answered with %s, all begins again in one stream: never a mixture",
  async (_what, answerOther) => {
    let isAgain = false;
    const answer: Served["answer"] = (n, request, response) => {
      if (n === 0) return slow?.(n, request, response) ?? false;
      isAgain ||= request.headers.range === undefined;
      if (isAgain) return false;
      answerOther(request, response);
      return true;
    };
    const slow = slowFirst(100);
    const { bytes, seen } = await fetched({ ...good, answer }, spread);
    expect(bytes?.equals(body)).toBe(true);
    expect(seen.at(-1)?.range).toBeUndefined();
  },
);

test("an object that changes while its ranges are fetched is that one or the other", async () => {
  await using server = await startServer({
    ...good,
    answer: slowFirst(100, (n) => {
      if (n === 4) server.serve({ body: other, etag: '"v2"' });
      return false;
    }),
  });
  await using where = await place();
  const done = await download(server.url, options(where.target, spread));
  expect(done.sha256).toBe(sha256Of(other));
});

test("ranges whose connections are cut are taken up by others", async () => {
  const answer = slowFirst(12, (n, request, response) => {
    const head = headOf(good, request);
    if (n % 2 === 0 || head === undefined) return false;
    response.writeHead(head.status, head.headers);
    response.write(head.bytes.subarray(0, 50_000), () => response.destroy());
    return true;
  });
  const { bytes } = await fetched({ ...good, answer }, spread);
  expect(bytes?.equals(body)).toBe(true);
});

test("the next process goes on with each range from where it was", async () => {
  await using where = await place();
  const abort = new AbortController();
  await using server = await startServer({ ...good, answer: slowFirst(100, stalling) });
  /** Of every other part a half comes, and no more. */
  function stalling(n: number, request: IncomingMessage, response: ServerResponse): boolean {
    const head = headOf(good, request);
    if (n % 2 === 0 || head === undefined) return false;
    response.writeHead(head.status, head.headers).write(head.bytes.subarray(0, 60_000));
    return true;
  }
  // No more comes: three streams have stalled, and two parts are there.
  const most = BEGUN + 3 * 60_000 + 2 * spread.partBytes;
  const onProgress = (bytes: number) => bytes >= most && abort.abort();
  const more = { ...spread, signal: abort.signal, onProgress };
  await expect(download(server.url, options(where.target, more))).rejects.toThrow();
  const journal = JSON.parse(await readFile(`${where.target}.part.json`, "utf8")) as {
    done: { start: number; end: number }[];
  };
  const there = journal.done.reduce((sum, { start, end }) => sum + end - start, 0);
  expect(there).toBeGreaterThan(300_000);

  server.serve(good);
  const before = server.seen.length;
  const done = await download(server.url, options(where.target, { sha256: sha256Of(body) }));
  expect(done.verified).toBe(true);
  const again = rangesIn(server.seen.slice(before));
  expect(again.length).toBeGreaterThan(0);
  for (const { start, end } of again)
    for (const range of journal.done) expect(range.end <= start || range.start >= end).toBe(true);
});

test("after the end of a machine only what it had synced is gone on with", async () => {
  await using where = await place();
  await using server = await startServer(good);
  const of = `${server.url.origin}${server.url.pathname}?…`;
  const boot = "of the machine before";
  const owner = { pid: 1, token: "of the process before" };
  const done = [{ start: 0, end: BYTES }];
  const synced = [{ start: 0, end: 5000 }];
  const journal = { of, version: etag, boot, owner, done, synced };
  await writeFile(`${where.target}.part.json`, JSON.stringify(journal));
  const lost = Buffer.concat([body.subarray(0, 5000), Buffer.alloc(BYTES - 5000)]);
  await writeFile(`${where.target}.part`, lost);
  await utimes(`${where.target}.part`, 0, 0);
  const { sha256 } = await download(server.url, options(where.target));
  expect(sha256).toBe(sha256Of(body));
  expect(server.seen[0]?.range).toBe("bytes=5000-");
});

test("ranges that were handed on to another name are gone on with there", async () => {
  await using where = await place();
  await using server = await startServer(good);
  const of = `${server.url.origin}${server.url.pathname}?…`;
  const done = [
    { start: 0, end: 5000 },
    { start: 9000, end: BYTES },
  ];
  const journal = { of, version: etag, boot: bootIdOf(), done };
  await writeFile(`${where.target}.part.json`, JSON.stringify(journal));
  const part = Buffer.from(body).fill(0, 5000, 9000);
  await writeFile(`${where.target}.part`, part);
  const { sha256, requests } = await download(server.url, options(where.target));
  expect({ sha256, requests }).toEqual({ sha256: sha256Of(body), requests: 1 });
  expect(server.seen[0]?.range).toBe("bytes=5000-8999");
});
