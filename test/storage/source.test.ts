import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { tarMember } from "../../fixtures/tar-blocks.ts";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { Failure } from "../../src/errors.ts";
import { createStorages } from "../../src/storage/index.ts";
import { openRemote, type RemoteSource } from "../../src/storage/source.ts";
import {
  type ObjectServer,
  objectOf,
  SECRET,
  type Served,
  startObjects,
} from "../helpers/range-server.ts";
import { defaultLimits, sampleSource } from "../helpers/sample.ts";

const KIB = 1024;
const GIB = 1024 ** 3;
const storages = createStorages();
const never = new AbortController().signal;
const csv = Buffer.from(`id,name\n${"1,abc\n".repeat(50_000)}`);

function open(server: ObjectServer, name: string, more: object = {}): Promise<RemoteSource> {
  const url = server.url(name);
  const storage = storages.of(url);
  return openRemote(url, { storage, name, readBytes: 64 * KIB * KIB, signal: never, ...more });
}

/** Answers of an object of 1 GiB whose bytes are a pattern again and again. */
function endless(pattern: string): Served {
  const block = Buffer.from(pattern.repeat(Math.ceil((64 * KIB) / pattern.length)));
  const size = GIB - (GIB % block.length);
  return {
    size,
    bytes(start, end) {
      const from = start % block.length;
      const blocks = Math.ceil((from + end - start) / block.length);
      const bytes = Buffer.concat(Array.from({ length: blocks }, () => block));
      return bytes.subarray(from, from + end - start);
    },
  };
}

test.each([
  ["a.csv", "1,some text\n"],
  ["a.jsonl", '{"id":1,"name":"abc"}\n'],
  ["a.txt", "12:00:00 INFO request served\n"],
  ["wide.csv", `1,${"x".repeat(5000)}\n`],
])("of %s with 1 GiB no more is asked for than its sample needs", async (name, pattern) => {
  await using server = await startObjects(endless(pattern));
  const source = await open(server, name);
  expect(await sampleSource(source)).toMatchObject({ summary: { rows: 100, cut: "rows" } });
  expect(source.size).toBeGreaterThan(0.9 * GIB);
  expect(source.requests()).toBeLessThanOrEqual(2);
  expect(source.readBytes()).toBeLessThanOrEqual(KIB * KIB);
  expect(server.asked.length).toBe(source.requests());
  source.close();
});

/** A tar whose members are holes. */
function tarWith(members: number, bytes: number): Served {
  const each = 512 + bytes;
  const size = members * each + 1024;
  const header = (i: number) => tarMember({ name: `part-${i}.bin`, size: bytes });
  return {
    size,
    bytes(start, end) {
      const found = Buffer.alloc(end - start);
      for (let i = Math.floor(start / each); i * each < end && i < members; i += 1)
        header(i)
          .subarray(Math.max(0, start - i * each))
          .copy(found, Math.max(0, i * each - start));
      return found;
    },
  };
}

test("a tar of 1 GiB is walked from header to header", async () => {
  await using server = await startObjects(tarWith(10, 100 * KIB * KIB));
  const source = await open(server, "a.tar");
  expect(await sampleSource(source)).toMatchObject({ summary: { rows: 10, complete: true } });
  expect(source.requests()).toBeLessThanOrEqual(11);
  expect(source.readBytes()).toBeLessThanOrEqual(2 * KIB * KIB);
  source.close();
});

test("a walk that would take thousands of requests ends early, and says so", async () => {
  await using server = await startObjects(tarWith(2000, 512 * KIB));
  const source = await open(server, "a.tar");
  const warnings = [expect.stringMatching(/needs more than 500 requests/)];
  expect(await sampleSource(source)).toMatchObject({ summary: { complete: false, warnings } });
  expect(source.readBytes()).toBeLessThanOrEqual(16 * KIB * KIB);
  source.close();
});

test("an object of a few bytes, and one of none, take one request", async () => {
  await using server = await startObjects(objectOf(Buffer.from("a\n1\n")));
  for (const bytes of ["a\n1\n", ""]) {
    server.serve(objectOf(Buffer.from(bytes)));
    const source = await open(server, "a.csv");
    expect(source.size).toBe(bytes.length);
    const { slice } = source as Required<RemoteSource>;
    expect(Buffer.from(await slice(0, 100)).toString()).toBe(bytes);
    expect(source.requests()).toBe(1);
    source.close();
  }
});

describe("a server that knows no ranges", () => {
  const all = (served: Served): Served => ({
    ...served,
    answer(_n, _request, response) {
      response.writeHead(200, { ETag: '"v1"', "Content-Length": served.size });
      response.end(served.bytes(0, served.size));
      return true;
    },
  });

  test("is read on as far as the sample needs", async () => {
    await using server = await startObjects(all(objectOf(Buffer.alloc(20 * KIB * KIB, csv))));
    const source = await open(server, "a.csv");
    expect(await sampleSource(source)).toMatchObject({ summary: { rows: 100 } });
    expect(source.requests()).toBe(1);
    expect(source.readBytes()).toBeLessThanOrEqual(KIB * KIB);
    source.close();
  });

  test("gives what is read from its end, where it is small", async () => {
    const zip = zipOf([1, 2, 3].map((i) => ({ name: `${i}.csv`, data: csv })));
    await using server = await startObjects(all(objectOf(zip)));
    const source = await open(server, "a.zip");
    expect(await sampleSource(source)).toMatchObject({ summary: { format: "zip", rows: 3 } });
    expect(source.requests()).toBe(1);
    source.close();
  });

  test.each(["a.zip", "a.parquet"])("does not give a large %s: it fails with why", async (name) => {
    const start = name === "a.zip" ? "PK\u0003\u0004" : "PAR1";
    const bytes = Buffer.concat([Buffer.from(start), Buffer.alloc(5 * KIB * KIB)]);
    await using server = await startObjects(all(objectOf(bytes)));
    const source = await open(server, name);
    expect(await sampleSource(source)).toEqual({ kind: "failed", code: "LIMIT_EXCEEDED" });
    expect(source.whyNoSlice).toMatch(/sends no parts of it, and it is larger than/);
    source.close();
  });

  test("that breaks off fails, and is not taken for the end", async () => {
    const [bytes, line] = [Buffer.alloc(6 * KIB * KIB, "x"), 8 * KIB * KIB];
    await using server = await startObjects(
      objectOf(bytes, {
        answer(_n, _request, response) {
          response.writeHead(200, { "Content-Length": line });
          response.write(bytes, () => response.destroy());
          return true;
        },
      }),
    );
    const source = await open(server, "a.txt");
    expect(await sampleSource(source)).toEqual({ kind: "failed", code: "UNREACHABLE" });
    source.close();
  });
});

/** The failure of opening what a server answers so, and how often it was asked. */
async function failureOf(
  answer: (n: number, response: ServerResponse) => boolean,
  more: object = {},
): Promise<{ readonly error: Failure; readonly requests: number }> {
  const served = objectOf(csv, { answer: (n, _request, response) => answer(n, response) });
  await using server = await startObjects(served);
  const error: unknown = await open(server, "a.csv", more).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Failure);
  expect((error as Failure).message).not.toContain(SECRET);
  return { error: error as Failure, requests: server.asked.length };
}

test.each([
  [403, "FORBIDDEN"],
  [404, "FILE_MISSING"],
  [410, "FILE_MISSING"],
  [418, "UNREACHABLE"],
])("%d is %s at once", async (status, code) => {
  const { error, requests } = await failureOf((_n, response) => {
    response.writeHead(status).end();
    return true;
  });
  expect(error.code).toBe(code);
  expect(requests).toBe(1);
});

test.concurrent("a server that is out of order is asked a few times, and no more", async () => {
  const { error, requests } = await failureOf((_n, response) => {
    response.writeHead(503).end();
    return true;
  });
  expect(error).toMatchObject({ code: "UNREACHABLE" });
  expect(error.message).toMatch(/answers 503; given up after 4 tries/);
  expect(requests).toBe(4);
});

test("one that wants to rest for long is not waited for", async () => {
  const { error, requests } = await failureOf((_n, response) => {
    response.writeHead(503, { "Retry-After": "600" }).end();
    return true;
  });
  expect(error).toMatchObject({ code: "UNREACHABLE" });
  expect(requests).toBe(1);
});

test("one that does not answer is left when the time is over", async () => {
  const reason = new Failure("TIMEOUT", "not done within limits.seconds");
  const { error } = await failureOf(() => true, { signal: AbortSignal.abort(reason) });
  expect(error).toBe(reason);
  const late = new AbortController();
  const slow = await failureOf(
    (_n, response) => {
      response.writeHead(206, { "Content-Range": "bytes 0-9/10", "Content-Length": 10 });
      response.write("a", () => late.abort(reason));
      return true;
    },
    { signal: late.signal },
  );
  expect(slow.error).toBe(reason);
});

test("one that answers again after a while is gone on with", async () => {
  await using server = await startObjects(
    objectOf(csv, {
      answer(n, _request, response) {
        if (n > 1) return false;
        if (n === 0) response.destroy();
        else response.writeHead(429).end();
        return true;
      },
    }),
  );
  const source = await open(server, "a.csv");
  expect(await sampleSource(source)).toMatchObject({ summary: { rows: 100 } });
  expect(source.requests()).toBe(3);
  source.close();
});

/** An object that answers later requests in its own way. */
function later(answer: (start: number, response: ServerResponse) => void): Served {
  return objectOf(csv, {
    answer(n, { headers }, response) {
      if (n === 0) return false;
      answer(Number(/\d+/.exec(headers.range ?? "")?.[0]), response);
      return true;
    },
  });
}

test.concurrent("a part of another version is not used, also where the server ignores If-Range", async () => {
  await using server = await startObjects(
    later((start, response) => {
      const range = `bytes ${start}-${csv.length - 1}/${csv.length}`;
      response.writeHead(206, { ETag: '"v2"', "Content-Range": range }).end(csv.subarray(start));
    }),
  );
  const source = await open(server, "a.csv");
  const { slice } = source as Required<RemoteSource>;
  await expect(slice(200_000, 200_010)).rejects.toMatchObject({ code: "UNREACHABLE" });
  source.close();
});

test("an object that has another size now has changed, also where it has no version", async () => {
  await using server = await startObjects(objectOf(csv, { etag: null }));
  const source = await open(server, "a.csv");
  server.serve(objectOf(csv.subarray(0, -1), { etag: null }));
  const { slice } = source as Required<RemoteSource>;
  await expect(slice(200_000, 200_010)).rejects.toMatchObject({ code: "FILE_CHANGED" });
  expect(source.hasVersion()).toBe(false);
  source.close();
});

test.concurrent("a server that forgets ranges fails, and is not read through", async () => {
  await using server = await startObjects(
    later((_start, response) => {
      response.writeHead(200, { ETag: '"v1"', "Content-Length": csv.length }).end(csv);
    }),
  );
  const source = await open(server, "a.csv");
  const { slice } = source as Required<RemoteSource>;
  await expect(slice(200_000, 200_010)).rejects.toMatchObject({
    code: "UNREACHABLE",
    message: expect.stringContaining("no part is sent any more"),
  });
  source.close();
});

test("no more is read than limits.readBytes, and what is allowed is read to its last byte", async () => {
  const bytes = Buffer.alloc(600 * KIB, "x");
  await using server = await startObjects(objectOf(bytes));
  for (const [readBytes, code] of [
    [600 * KIB, undefined],
    [600 * KIB - 1, "LIMIT_EXCEEDED"],
    [50 * KIB, "LIMIT_EXCEEDED"],
  ] as const) {
    const source = await open(server, "a.txt", { readBytes });
    const result = await sampleSource(source, { limits: { ...defaultLimits, readBytes } });
    expect(result).toMatchObject(code === undefined ? { kind: "sample" } : { code });
    expect(source.readBytes()).toBe(readBytes);
    source.close();
  }
});
