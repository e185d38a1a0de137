import type { IncomingMessage } from "node:http";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { download, type DownloadOptions } from "../../src/transfer/download.ts";
import { cutAfter, headOf, sendRaw, type Served, startServer } from "../helpers/faulty-server.ts";
import { body, BYTES, etag, fetched, good, options, other, place, sha256Of } from "./fetching.ts";

const known = { sha256: sha256Of(body) };
const half = BYTES / 2;

test("a body that ends before its length is fetched on, and not for ever", async () => {
  const short = (bytes: number, request: IncomingMessage) => {
    const head = headOf(good, request);
    const lines = Object.entries(head?.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
    const first = `HTTP/1.1 ${head?.status} OK\r\n${lines.join("\r\n")}\r\n\r\n`;
    return [first, (head?.bytes ?? body).subarray(0, bytes)];
  };
  const once: Served["answer"] = (n, request, response) =>
    n === 0 && sendRaw(response, short(half, request));
  expect((await fetched({ ...good, answer: once })).bytes?.equals(body)).toBe(true);
  const never: Served["answer"] = (_n, request, response) => sendRaw(response, short(0, request));
  expect((await fetched({ ...good, answer: never })).error).toMatchObject({ code: "UNREACHABLE" });
});

test("a body that goes on behind its length is whole for nobody who knows its size or hash", async () => {
  const answer: Served["answer"] = (_n, _request, response) =>
    sendRaw(response, [`HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nETag: ${etag}\r\n\r\n`, body]);
  expect((await fetched({ ...good, answer })).done?.verified ?? false).toBe(false);
  for (const more of [known, { bytes: BYTES }]) {
    const { error, left } = await fetched({ ...good, answer }, more);
    expect(error?.code).toMatch(/^(CHECKSUM_MISMATCH|UNREACHABLE)$/);
    if (error?.code === "CHECKSUM_MISMATCH") expect(left).toEqual([]);
  }
});

test("a server that sends all where a part was asked for has all of it taken from its start", async () => {
  const answer: Served["answer"] = (n, _request, response) => {
    if (n === 0) return cutAfter(good, half, response);
    response.writeHead(200, { ETag: etag, "Content-Length": BYTES }).end(body);
    return true;
  };
  const { bytes, seen } = await fetched({ ...good, answer });
  expect(bytes?.equals(body)).toBe(true);
  expect(seen).toHaveLength(2);
});

test("a part that is encoded is not used", async () => {
  const answer: Served["answer"] = (n, request, response) => {
    if (n === 0) return cutAfter(good, half, response);
    const head = headOf(good, request);
    if (head?.status !== 206) return false;
    const { "Content-Length": _, ...headers } = head.headers;
    response.writeHead(206, { ...headers, "Content-Encoding": "gzip" }).end(gzipSync(head.bytes));
    return true;
  };
  const { error } = await fetched({ ...good, answer });
  expect(error).toMatchObject({ code: "UNREACHABLE" });
});

test("what is encoded and breaks off is never gone on with", async () => {
  const packed = gzipSync(body);
  const answer: Served["answer"] = (n, _request, response) => {
    response.writeHead(200, { ETag: etag, "Content-Encoding": "gzip" });
    if (n > 0) response.end(packed);
    else response.write(packed.subarray(0, half), () => response.destroy());
    return true;
  };
  const { done, seen } = await fetched({ ...good, answer });
  expect(done).toMatchObject({ encoding: "gzip", sha256: sha256Of(packed) });
  expect(seen.every(({ range }) => range === undefined)).toBe(true);
});

test.each([
  ["without an address", { status: 302, headers: {} }],
  ["to no address at all", { status: 302, headers: { Location: "http://[" } }],
  ["not modified, though nobody said so", { status: 304, headers: {} }],
  ["no content", { status: 204, headers: {} }],
  ["multiple choices", { status: 300, headers: {} }],
])("a redirect %s, or an answer without an object, is refused", async (_, { status, headers }) => {
  const answer: Served["answer"] = (_n, _request, response) => {
    response.writeHead(status, headers).end();
    return true;
  };
  const { error } = await fetched({ ...good, answer });
  expect(error).toMatchObject({ code: "UNREACHABLE" });
});

test("a server that goes over to another protocol is refused, and not waited for", async () => {
  const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
  const answer: Served["answer"] = (_n, _request, response) =>
    sendRaw(response, [switching], { isOpen: true });
  const { error, seen } = await fetched({ ...good, answer });
  expect(error).toMatchObject({ code: "UNREACHABLE" });
  expect(seen).toHaveLength(1);
});

test("a server that asks to be left alone for a day is not waited for", async () => {
  const answer: Served["answer"] = (_n, _request, response) => {
    response.writeHead(503, { "Retry-After": "86400" }).end();
    return true;
  };
  const { error, seen } = await fetched({ ...good, answer });
  expect(error).toMatchObject({ code: "UNREACHABLE" });
  expect(seen).toHaveLength(1);
});

test("a redirect that ends at something else is found by hash or size", async () => {
  const answer: Served["answer"] = (_n, request, response) => {
    if (request.url !== "/login") response.writeHead(302, { Location: "/login" }).end();
    else response.writeHead(200, { "Content-Type": "text/html" }).end("<title>Log in</title>");
    return true;
  };
  expect((await fetched({ ...good, answer })).done?.verified).toBe(false);
  for (const more of [known, { bytes: BYTES }])
    expect((await fetched({ ...good, answer }, more)).error).toMatchObject({
      code: "CHECKSUM_MISMATCH",
    });
});

test.each([
  ["versions", good, { code: "UNREACHABLE", tries: 3 }],
  // Each try begins from 0.
  ["none", { body }, { code: "FILE_CHANGED", tries: 4 }],
])("a body that drips has stalled, of an object with %s", async (_, served, { code, tries }) => {
  const timers = new Set<NodeJS.Timeout>();
  const answer: Served["answer"] = (_n, request, response) => {
    const head = headOf(served, request);
    response.writeHead(head?.status ?? 500, head?.headers);
    let at = 0;
    timers.add(setInterval(() => response.write((head?.bytes ?? body).subarray(at, ++at)), 20));
    return true;
  };
  const { error, seen } = await fetched({ ...served, answer }, { stallMs: 200, retries: 2 });
  for (const timer of timers) clearInterval(timer);
  expect(error).toMatchObject({ code });
  expect(seen).toHaveLength(tries);
});

test("what drips once it has brought much is gone on with, as often as that is needed", async () => {
  const timers = new Set<NodeJS.Timeout>();
  const answer: Served["answer"] = (_n, request, response) => {
    const head = headOf(good, request);
    const bytes = head?.bytes ?? body;
    response.writeHead(head?.status ?? 500, head?.headers);
    let at = 700_000;
    if (bytes.length <= at) return response.end(bytes).writableEnded;
    response.write(bytes.subarray(0, at));
    timers.add(setInterval(() => response.write(bytes.subarray(at, ++at)), 20));
    return true;
  };
  const { bytes, seen } = await fetched(
    { ...good, answer },
    // Longer than a busy machine needs for the first bytes.
    { stallMs: 1500, retries: 1, parts: 1 },
  );
  for (const timer of timers) clearInterval(timer);
  expect(bytes?.equals(body)).toBe(true);
  expect(seen).toHaveLength(5);
});

test("HTTP/1.0 is understood, with a length and without", async () => {
  for (const length of [`Content-Length: ${BYTES}\r\n`, ""]) {
    const answer: Served["answer"] = (_n, _request, response) =>
      sendRaw(response, [`HTTP/1.0 200 OK\r\n${length}\r\n`, body]);
    const { bytes } = await fetched({ ...good, answer }, known);
    expect(bytes?.equals(body)).toBe(true);
  }
});

test.each([
  ["nothing", []],
  ["what is no HTTP", ["SSH-2.0-OpenSSH_9.2\r\n"]],
  ["half a head", ["HTTP/1.1 200 OK\r\nContent-Le"]],
  ["two lengths", ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"]],
  ["a negative length", ["HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello"]],
  ["a wrong chunk", ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n"]],
  [
    "chunks without an end",
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"],
  ],
  ["a head without an end", ["HTTP/1.1 200 OK\r\n", "X-Padding: 0123456789\r\n".repeat(10_000)]],
])("%s is no answer", async (_, raw) => {
  const answer: Served["answer"] = (_n, _request, response) => sendRaw(response, raw);
  const { error } = await fetched({ ...good, answer });
  expect(error?.code).toMatch(/^(UNREACHABLE|FILE_CHANGED)$/);
});

/** Fetches many small files, some at once. */
async function fetchMany(count: number, answer: Served["answer"]): Promise<number> {
  await using server = await startServer({ body: Buffer.alloc(0), answer });
  await using where = await place();
  const names = Array.from({ length: count }, (_, i) => i).values();
  const worker = async (): Promise<void> => {
    for (const i of names) {
      const expected = Buffer.from(`small ${i}`);
      const more: Partial<DownloadOptions> = { sha256: sha256Of(expected) };
      const done = await download(
        new URL(`/${i}`, server.url),
        options(`${where.target}.${i}`, more),
      );
      expect(done).toMatchObject({ bytes: expected.length, verified: true });
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return server.connections();
}

test("many tiny objects come over a few connections, and all are right", async () => {
  const count = Number(process.env["TRANSFER_TINY"] ?? 1000);
  const connections = await fetchMany(count, (_n, request, response) => {
    response.end(`small ${request.url?.slice(1)}`);
    return true;
  });
  expect(connections).toBeLessThanOrEqual(8);
});

test("a kept connection that its server closes between two requests costs nothing", async () => {
  await fetchMany(200, (n, request, response) => {
    response.end(`small ${request.url?.slice(1)}`, () => {
      // Without a word in the head.
      if (n % 3 === 0) response.socket?.destroy();
    });
    return true;
  });
});

test("what comes over a kept connection without being asked for is no answer to what is asked next", async () => {
  await fetchMany(50, (_n, request, response) => {
    const { socket } = response;
    response.end(`small ${request.url?.slice(1)}`, () => {
      socket?.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong");
    });
    return true;
  });
});

test("the same bytes under another name are not mixed up with it", async () => {
  const { error } = await fetched(good, { sha256: sha256Of(other) });
  expect(error).toMatchObject({ code: "CHECKSUM_MISMATCH" });
});
