import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { download } from "../../src/transfer/download.ts";
import { SMALL_BYTES } from "../../src/transfer/memory-part.ts";
import { syncDirectory } from "../../src/transfer/sync-directory.ts";
import { cutAfter, type Served, startServer } from "../helpers/faulty-server.ts";
import { etag, options, place, sha256Of } from "./fetching.ts";

const small = randomBytes(SMALL_BYTES);

/** Stops midway; returns the names that are there then, and those that are left at the end. */
async function stoppedMidway(body: Buffer) {
  await using where = await place();
  await using server = await startServer({
    body,
    etag,
    answer(_n, _request, response) {
      response.writeHead(200, { ETag: etag, "Content-Length": body.length });
      response.write(body.subarray(0, body.length / 2));
      return true;
    },
  });
  const abort = new AbortController();
  const begun = Promise.withResolvers<void>();
  const onProgress = (bytes: number) => bytes >= body.length / 4 && begun.resolve();
  const stopped = download(server.url, options(where.target, { signal: abort.signal, onProgress }));
  const refused = expect(stopped).rejects.toThrow("stopped");
  await begun.promise;
  const midway = await readdir(where.directory);
  abort.abort(new Error("stopped"));
  await refused;
  const left = await readdir(where.directory);
  server.serve({ body, etag });
  const done = await download(server.url, options(where.target));
  expect(done).toMatchObject({ sha256: sha256Of(body), requests: 1 });
  expect(server.seen.at(-1)?.range).toMatch(/^bytes=\d+-$/);
  expect(await readdir(where.directory)).toEqual(["orders.csv"]);
  return { midway, left };
}

const both = ["orders.csv.part", "orders.csv.part.json"];

test("a small file is nowhere before it is whole, and what it had is kept where it is let go", async () => {
  expect(await stoppedMidway(small)).toEqual({ midway: [], left: both });
});

test("a larger one has its partial file and its journal from its beginning", async () => {
  expect(await stoppedMidway(randomBytes(SMALL_BYTES + 1))).toEqual({ midway: both, left: both });
});

test("one whose size nobody says is a larger one", async () => {
  await using where = await place();
  const midway: string[][] = [];
  const answer: Served["answer"] = (_n, _request, response) => {
    response.writeHead(200, { ETag: etag }).write(small.subarray(0, 1000));
    setTimeout(() => void readdir(where.directory).then((names) => midway.push(names)), 100);
    setTimeout(() => response.end(small.subarray(1000)), 200);
    return true;
  };
  await using server = await startServer({ body: small, etag, answer });
  const done = await download(server.url, options(where.target));
  expect(done.sha256).toBe(sha256Of(small));
  expect(midway).toEqual([both]);
});

test("a small one that breaks off goes on from there", async () => {
  await using where = await place();
  const served: Served = { body: small, etag };
  const answer: Served["answer"] = (n, _request, response) =>
    n === 0 && cutAfter(served, small.length / 2, response);
  await using server = await startServer({ ...served, answer });
  const done = await download(server.url, options(where.target, { sha256: sha256Of(small) }));
  expect(done).toMatchObject({ verified: true, requests: 2 });
  expect(server.seen[1]?.ifRange).toBe(etag);
  expect(await readFile(where.target)).toEqual(small);
});

test("many who fetch it to one place at the same time all have it whole", async () => {
  await using where = await place();
  await using server = await startServer({ body: small, etag });
  const all = Array.from({ length: 8 }, () => download(server.url, options(where.target)));
  for (const { sha256 } of await Promise.all(all)) expect(sha256).toBe(sha256Of(small));
  expect(await readdir(where.directory)).toEqual(["orders.csv"]);
});

test("its mode is the one that was asked for, its time a whole second; an empty one is there, too", async () => {
  await using where = await place();
  await using server = await startServer({ body: Buffer.alloc(0), etag });
  await download(server.url, options(where.target, { mode: 0o666, syncsName: false }));
  const { mode, size, mtimeMs } = await stat(where.target);
  expect([mode & 0o777, size, mtimeMs % 1000]).toEqual([0o666, 0, 0]);
});

test("where it cannot be written nothing is left, and the reason is told", async () => {
  await using where = await place();
  await using server = await startServer({ body: small, etag });
  await mkdir(where.target);
  await writeFile(join(where.target, "in the way"), "");
  const refused = download(server.url, options(where.target));
  await expect(refused).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
  expect(await readdir(where.directory)).toEqual(["orders.csv"]);
});

test("a directory is synced for all who ask, and one that is not there is told to all", async () => {
  await using where = await place();
  const ask = (path: string) => Array.from({ length: 5 }, () => syncDirectory(path));
  await Promise.all(ask(where.directory));
  const missing = await Promise.allSettled(ask(join(where.directory, "none")));
  for (const each of missing)
    expect(each).toMatchObject({ status: "rejected", reason: { code: "ENOENT" } });
  await syncDirectory(where.directory);
});
