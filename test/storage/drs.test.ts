import { createHash, randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createStorages } from "../../src/storage/index.ts";
import { authority, OBJECTS, startDrs } from "../helpers/drs-service.ts";
import { startObjectServer } from "../helpers/object-server.ts";

if (authority === undefined) process.stderr.write("drs is not tested: there is no openssl\n");
const body = randomBytes(100_000);
const sha256 = createHash("sha256").update(body).digest("hex");

const storages = createStorages({ ca: authority?.ca });
const request = {
  start: 0,
  version: undefined,
  stallMs: 60_000,
  signal: new AbortController().signal,
};
const read = (url: URL) => storages.of(url).read(url, request);
const there = test.runIf(authority !== undefined);

there("an object is read at the URL that its service names, with its hash and size", async () => {
  await using objects = await startObjectServer({ a: body });
  const checksums = [
    { type: "md5", checksum: "0".repeat(32) },
    { type: "sha-256", checksum: sha256 },
  ];
  await using service = await startDrs((path) =>
    path === `${OBJECTS}/abc`
      ? {
          size: body.length,
          checksums,
          access_methods: [
            { type: "s3", access_url: { url: "s3://bucket/a" } },
            { type: "https", access_url: { url: objects.url("a") } },
          ],
        }
      : undefined,
  );
  const reply = await read(service.url("abc"));
  expect(reply).toMatchObject({ size: body.length, offered: { sha256 } });
  expect((await buffer(reply.chunks)).equals(body)).toBe(true);
  await buffer((await read(service.url("abc"))).chunks);
  expect(service.asked).toEqual([`${OBJECTS}/abc`]);
  await expect(read(service.url("none"))).rejects.toMatchObject({ code: "FILE_MISSING" });
});

there("a URL that has expired is asked for again", async () => {
  await using objects = await startObjectServer({ a: body });
  objects.refuse("gone", 403);
  const expired = `${objects.url("gone").split("?")[0]}?X-Amz-Date=20200101T000000Z&X-Amz-Expires=9`;
  let isLater = false;
  await using service = await startDrs((path) =>
    path.endsWith("/access/1")
      ? { url: isLater ? objects.url("a") : expired }
      : { access_methods: [{ type: "https", access_id: "1" }] },
  );
  await expect(read(service.url("abc"))).rejects.toMatchObject({ code: "URL_EXPIRED" });
  isLater = true;
  expect((await buffer((await read(service.url("abc"))).chunks)).equals(body)).toBe(true);
});

there.each<[string, unknown, string]>([
  [
    "no way by https",
    { access_methods: [{ type: "gs", access_url: { url: "gs://b/a" } }] },
    "UNREACHABLE",
  ],
  ["no way at all", {}, "UNREACHABLE"],
  ["no JSON", "<html>", "UNREACHABLE"],
  ["no object", "null", "UNREACHABLE"],
  [
    "no URL",
    { access_methods: [{ type: "https", access_url: { url: "nowhere" } }] },
    "UNREACHABLE",
  ],
  [
    "a file of this machine",
    { access_methods: [{ type: "https", access_url: { url: "file:///etc/passwd" } }] },
    "UNREACHABLE",
  ],
  [
    "headers of its own",
    { access_methods: [{ type: "https", access_url: { url: "https://x/", headers: ["A: b"] } }] },
    "FORBIDDEN",
  ],
])("a service that answers with %s is told of", async (_, answer, code) => {
  await using service = await startDrs(() => answer);
  await expect(read(service.url("abc"))).rejects.toMatchObject({ code });
});

there("what is wrong with an object is told without its query", async () => {
  await using service = await startDrs(() => ({ access_methods: [] }));
  const error: unknown = await read(service.url("abc?token=secret")).catch(
    (found: unknown) => found,
  );
  expect(error).toMatchObject({ code: "UNREACHABLE" });
  expect(String(error)).not.toContain("secret");
});
