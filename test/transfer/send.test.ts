import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { createStorages } from "../../src/storage/index.ts";
import { send } from "../../src/transfer/send.ts";

const body = randomBytes(3_000_000);

/** Sends a file to a server that treats the n-th request, from 0, in its own way. */
async function sentTo(
  answer: (n: number, request: IncomingMessage, response: ServerResponse) => void,
  { bytes = body, retries = 1, stallMs = 20_000, signal = new AbortController().signal } = {},
) {
  const directory = await mkdtemp(join(tmpdir(), "sampler-send-"));
  const path = join(directory, "file");
  await writeFile(path, bytes);
  let requests = 0;
  const server = createServer((request, response) => answer(requests++, request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = new URL(`http://127.0.0.1:${port}/x?X-Amz-Signature=secret`);
  const options = {
    storages: createStorages(),
    path,
    bytes: bytes.length,
    retries,
    stallMs,
    signal,
  };
  const error: unknown = await send(url, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true });
  return { error, requests };
}

test.each([0, 1, body.length])("a file of %i bytes arrives as it is", async (length) => {
  let got = Buffer.from("nothing");
  const bytes = body.subarray(0, length);
  const { error, requests } = await sentTo(
    async (_n, request, response) => {
      expect(request.method).toBe("PUT");
      got = await buffer(request);
      response.writeHead(200).end();
    },
    { bytes },
  );
  expect({ error, requests }).toEqual({ error: undefined, requests: 1 });
  expect(got.equals(bytes)).toBe(true);
});

test("what may pass is tried again, from the beginning", async () => {
  let got = 0;
  const { error, requests } = await sentTo(
    async (n, request, response) => {
      if (n === 0) return void request.socket.destroy();
      got = (await buffer(request)).length;
      response.writeHead(n === 1 ? 503 : 200, { "Retry-After": "0" }).end();
    },
    { retries: 3 },
  );
  expect({ error, requests, got }).toEqual({ error: undefined, requests: 3, got: body.length });
});

test.each([
  [403, "FORBIDDEN"],
  [404, "FILE_MISSING"],
  [400, "UNREACHABLE"],
  [301, "UNREACHABLE"],
])("a refusal with %i is %s, also where it comes before all is sent", async (status, code) => {
  const { error, requests } = await sentTo((_n, _request, response) => {
    response.writeHead(status, { Location: "/elsewhere", Connection: "close" }).end("no");
  });
  expect(error).toMatchObject({ code });
  expect(String(error)).not.toContain("secret");
  expect(requests).toBe(1);
});

test("a server that takes nothing has stalled, and is given up", async () => {
  const { error, requests } = await sentTo(() => {}, { stallMs: 100 });
  expect(error).toMatchObject({ code: "UNREACHABLE" });
  expect(requests).toBe(2);
});

test("a server that asks to be left alone for a day is not waited for", async () => {
  const { error, requests } = await sentTo(
    (_n, _request, response) => {
      response.writeHead(503, { "Retry-After": "86400", Connection: "close" }).end();
    },
    { bytes: Buffer.alloc(0) },
  );
  expect(error).toMatchObject({ code: "UNREACHABLE" });
  expect(requests).toBe(1);
});

test("who stops is told why, at once", async () => {
  const abort = new AbortController();
  const reason = new Error("enough");
  const { error } = await sentTo(() => abort.abort(reason), { signal: abort.signal });
  expect(error).toBe(reason);
});

test("a file of this machine is copied whole, and nothing is left of the way there", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sampler-send-"));
  const path = join(directory, "file");
  await writeFile(path, body);
  const target = join(directory, "new/place");
  const { signal } = new AbortController();
  const options = { storages: createStorages(), path, bytes: 3, retries: 0, stallMs: 1000, signal };
  await send(pathToFileURL(target), options);
  expect((await readFile(target)).equals(body)).toBe(true);
  expect(await readdir(join(directory, "new"))).toEqual(["place"]);
  const nowhere = send(new URL("drs://host/x"), options);
  await expect(nowhere).rejects.toMatchObject({ code: "USAGE" });
  await rm(directory, { recursive: true });
});
