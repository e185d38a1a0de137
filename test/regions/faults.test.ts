import { AbortMultipartUploadCommand, CreateMultipartUploadCommand } from "@aws-sdk/client-s3";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import {
  type HttpProxy,
  type OnRequest,
  type Passing,
  startHttpProxy,
} from "../helpers/http-proxy.ts";
import { whyNoRgw } from "../helpers/rgw.ts";
import { bytesOf, hashesIn, sha256Of, uploadsOf } from "./stored.ts";
import { keysOf, startTwoRegions, type TwoRegions } from "./two-regions.ts";

if (whyNoRgw !== undefined) process.stdout.write(`nothing goes wrong in regions: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);

const PART_BYTES = 5 * 1024 ** 2;
const big = randomBytes(3 * PART_BYTES + 1000);
const nowhere = new URL("http://127.0.0.1:1/");
const DENIED = { status: 403, word: "AccessDenied" };

const ends = new AsyncDisposableStack();
let here: TwoRegions;
const proxies: HttpProxy[] = [];
/** Faults of the regions' stores, for the test that runs. */
let faults: { east?: OnRequest; west?: OnRequest } = {};
beforeAll(async () => {
  if (whyNoRgw !== undefined) return;
  here = ends.use(await startTwoRegions());
  for (const name of ["east", "west"] as const) {
    const proxy = await startHttpProxy(here.urls[name], (request) => faults[name]?.(request));
    proxies.push(ends.use(proxy));
  }
  await here.write("big", big);
  await behindProxies();
});
afterEach(async () => {
  faults = {};
  vi.useRealTimers();
  if (whyNoRgw === undefined) await behindProxies();
});
afterAll(() => ends.disposeAsync());

async function behindProxies(more: object = {}): Promise<void> {
  const [east, west] = proxies.map(({ url }) => url) as [URL, URL];
  await here.configure({ east, west, staging: { partBytes: PART_BYTES }, ...more });
}

interface Sent {
  readonly staging_id: string;
  readonly state: string;
  readonly regions: readonly { readonly state: string; readonly reason: string | null }[];
}

async function upload(path: string): Promise<Sent & { readonly code: number | null }> {
  const { code, stdout, stderr } = await here.stage([
    "upload",
    path,
    "--regions",
    "east,west",
    "--json",
  ]);
  const [id = ""] = /stage-[0-9a-f]{12}/.exec(stdout + stderr) ?? [];
  const sent = stdout === "" ? await here.json<Sent>("info", id) : (JSON.parse(stdout) as Sent);
  return { ...sent, code };
}

/** Sees that a staging is complete in both regions, to the last byte. */
async function expectWhole(id: string, files: Readonly<Record<string, Uint8Array>>) {
  expect(await here.json("info", id)).toMatchObject({ state: "complete" });
  const wanted = Object.entries(files).map(([name, bytes]) => [name, sha256Of(bytes)]);
  for (const bucket of [here.east, here.west]) {
    expect(await hashesIn(bucket, id)).toEqual(Object.fromEntries(wanted));
    expect(await uploadsOf(bucket, id)).toBe(0);
  }
}

const isFile = ({ method, path }: Passing) => method === "PUT" && /\/stage-[^/]+\/(?!_)/.test(path);

there("a byte that changed in the store is noticed by a copy, and by a download", async () => {
  faults = { west: (request) => (isFile(request) ? DENIED : undefined) };
  for (const [name, bytes] of [
    ["small", Buffer.from("small")],
    ["big", big],
  ] as const) {
    const sent = await upload(await here.write(name, bytes));
    expect(sent).toMatchObject({ code: 3, state: "failed" });
    const key = `${sent.staging_id}/${name}`;
    const flipped = await bytesOf(here.east, key);
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    await here.east.put(key, flipped);
    faults = {};
    const again = await here.stage(["resume", sent.staging_id, "--json"]);
    expect(again.code).toBe(3);
    expect(JSON.parse(again.stdout).regions).toMatchObject([
      { state: "complete" },
      { state: "failed", reason: expect.stringContaining("CHECKSUM_MISMATCH") },
    ]);
    expect(await keysOf(here.west, sent.staging_id)).not.toContain(name);
    const dest = join(here.root, "out", name);
    const got = await here.stage(["download", sent.staging_id, "--dest", dest]);
    expect([got.code, got.stderr]).toEqual([1, expect.stringContaining("CHECKSUM_MISMATCH")]);
    expect(existsSync(dest)).toBe(false);
    faults = { west: (request) => (isFile(request) ? DENIED : undefined) };
  }
});

there("an upload in parts that somebody gave up midway fails, and is sent again", async () => {
  const abort = (name: "east" | "west") => async (request: Passing) => {
    if (request.query.get("partNumber") !== "3" || faults[name] === undefined) return undefined;
    delete faults[name];
    const { client, name: Bucket } = here[name];
    const Key = request.path.slice(Bucket.length + 2);
    const UploadId = request.query.get("uploadId") ?? "";
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    return undefined;
  };
  faults = { east: abort("east") };
  const sent = await upload(join(here.root, "big"));
  expect(sent).toMatchObject({ code: 1, state: "failed" });
  expect(sent.regions[0]?.reason).toContain("404 NoSuchUpload");
  expect(await here.json("resume", sent.staging_id)).toMatchObject({ state: "complete" });
  await expectWhole(sent.staging_id, { big });
  // A copy that is given up is made through this machine.
  faults = { west: abort("west") };
  const copied = await upload(join(here.root, "big"));
  expect(copied).toMatchObject({ code: 0, state: "complete" });
  await expectWhole(copied.staging_id, { big });
});

there("a region that is down is told, whenever it is", async () => {
  const path = await here.write("down", "x");
  const before = await keysOf(here.east, "");
  const down = { west: nowhere, staging: { retries: 0 } };
  await behindProxies(down);
  const begun = await here.stage(["upload", path, "--regions", "east,west"]);
  expect([begun.code, begun.stderr]).toEqual([1, expect.stringContaining("ECONNREFUSED")]);
  expect(await keysOf(here.east, "")).toEqual(before);

  // It goes down once it has been told of the staging.
  await behindProxies({ staging: { retries: 0 } });
  let isDown = false;
  const gone = { status: 503, word: "ServiceUnavailable" };
  faults = {
    west(request) {
      isDown ||= !request.path.endsWith("/_staging.json");
      return isDown ? gone : undefined;
    },
  };
  const sent = await upload(path);
  expect(sent).toMatchObject({
    code: 3,
    state: "failed",
    regions: [{ state: "complete" }, { reason: expect.stringContaining("503") }],
  });
  const { staging_id: id } = sent;
  await behindProxies(down);
  const unknown = { regions: [{ state: "complete" }, { state: "unknown" }] };
  const info = await here.stage(["info", id, "--json"]);
  expect([info.code, JSON.parse(info.stdout)]).toMatchObject([3, { state: "unknown", ...unknown }]);
  const list = await here.stage(["list"]);
  expect([list.code, list.stderr]).toEqual([3, expect.stringMatching(/^west: .*ECONNREFUSED/m)]);
  const dest = join(here.root, "near");
  const env = { AWS_REGION: "west" };
  const got = await here.stage(["download", id, "--dest", dest, "--json"], { env });
  expect([got.code, JSON.parse(got.stdout)]).toMatchObject([0, { region: "east" }]);
  const deleted = await here.stage(["delete", id, "-y", "--json"]);
  expect([deleted.code, JSON.parse(deleted.stdout)]).toMatchObject([
    1,
    { regions: [{ left: null }, { region: "west", left: expect.stringContaining("REFUSED") }] },
  ]);
  faults = {};
  await behindProxies();
  expect(await here.json("info", id)).not.toMatchObject({ state: "complete" });
  expect(await here.stage(["delete", id, "-y"])).toMatchObject({ code: 0 });
});

there("a clock that is an hour off is made good, and told where it cannot be", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
  const sent = await upload(await here.write("clock/f", "x"));
  expect(sent).toMatchObject({ code: 0, state: "complete" });
  const dest = join(here.root, "clock-got");
  expect(await here.json("download", sent.staging_id, "--dest", dest)).toMatchObject({
    was_there: false,
  });
  vi.useRealTimers();
  await behindProxies({ staging: { retries: 1 } });
  faults = { east: () => ({ status: 403, word: "RequestTimeTooSkewed" }) };
  const { code, stderr } = await here.stage(["info", sent.staging_id, "--json"]);
  expect([code, stderr]).toEqual([3, ""]);
  const refused = await here.stage(["upload", dest, "--regions", "east"]);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("clock")]);
});

there("keys that end midway stop an upload; with right ones it goes on", async () => {
  const path = join(here.root, "big");
  let parts = 0;
  const expired = { status: 400, word: "ExpiredToken" };
  faults = {
    east(request) {
      if (request.query.has("partNumber")) parts += 1;
      return parts > 2 ? expired : undefined;
    },
  };
  const { code, stderr } = await here.stage(["upload", path, "--regions", "east,west"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("URL_EXPIRED")]);
  const [id = ""] = /stage-[0-9a-f]{12}/.exec(stderr) ?? [];
  faults = {};
  const keyFile = join(here.root, "keys.json");
  const right = await readFile(keyFile, "utf8");
  await writeFile(keyFile, right.replace(/"secretAccessKey":"/, "$&x"));
  const wrong = await here.stage(["resume", id]);
  await writeFile(keyFile, right);
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining("SignatureDoesNotMatch")]);
  expect(await here.json("info", id)).not.toMatchObject({ state: "complete" });
  expect(await here.json("resume", id)).toMatchObject({ state: "complete" });
  await expectWhole(id, { big });
});

there("with 5 % of requests refused all is done, to the last byte", async () => {
  const files: Record<string, Buffer> = { big };
  for (let i = 0; i < 40; i += 1) files[`d/f${i}`] = randomBytes(i);
  for (const [name, bytes] of Object.entries(files)) await here.write(`busy/${name}`, bytes);
  let count = 0;
  const busy = () => {
    count += 1;
    if (count % 20 !== 0) return undefined;
    return count % 40 === 0
      ? { status: 500, word: "InternalError" }
      : { status: 503, word: "SlowDown" };
  };
  faults = { east: busy, west: busy };
  const sent = await upload(join(here.root, "busy"));
  expect(sent).toMatchObject({ code: 0, state: "complete" });
  await expectWhole(sent.staging_id, files);
  const dest = join(here.root, "busy-got");
  await here.json("download", sent.staging_id, "--dest", dest);
  for (const [name, bytes] of Object.entries(files))
    expect((await readFile(join(dest, name))).equals(bytes), name).toBe(true);
  expect(await here.stage(["delete", sent.staging_id, "-y"])).toMatchObject({ code: 0 });
  for (const bucket of [here.east, here.west])
    expect(await keysOf(bucket, sent.staging_id)).toEqual([]);
  expect(count).toBeGreaterThan(150);
});

there("a removal that a store refuses for some objects is tried again for those", async () => {
  const { staging_id: id } = await upload(await here.write("some", "x"));
  const body = `<DeleteResult><Error><Key>${id}/some</Key><Code>SlowDown</Code></Error></DeleteResult>`;
  let refusals = 0;
  faults = {
    east({ method, query }) {
      if (method !== "POST" || !query.has("delete")) return undefined;
      refusals += 1;
      return refusals === 1 ? { status: 200, word: "", body } : undefined;
    },
  };
  const done = await here.json<{ readonly regions: readonly object[] }>("delete", id, "-y");
  expect(done.regions).toMatchObject([{ left: null }, { left: null }]);
  expect(await keysOf(here.east, id)).not.toContain("some");
});

there(
  "a document that is none, of a newer version, or of another place, is never complete",
  async () => {
    const path = await here.write("documents", "x");
    const { staging_id: id } = await upload(path);
    const key = `${id}/_staging.json`;
    const right = await bytesOf(here.west, key);
    const texts = {
      "it is no JSON": "{",
      "state: ": right.toString().replace('"complete"', '"archived"'),
      "in east": await bytesOf(here.east, key).then(String),
      "regions: ": JSON.stringify({ ...JSON.parse(right.toString()), regions: 5 }),
    };
    for (const [why, text] of Object.entries(texts)) {
      await here.west.put(key, text);
      const info = await here.stage(["info", id, "--json"]);
      expect(info.code).toBe(3);
      expect(JSON.parse(info.stdout)).toMatchObject({
        state: "unknown",
        regions: [
          { state: "complete" },
          { state: "unknown", reason: expect.stringContaining(why) },
        ],
      });
      const list = await here.stage(["list"]);
      expect([list.code, list.stderr]).toEqual([3, expect.stringContaining(why)]);
      for (const [command, ...more] of [["update", "--ttl", "3"], ["resume"]] as const)
        expect(await here.stage([command, id, ...more])).toMatchObject({ code: 1 });
      const dest = join(here.root, `documents-${why.length}`);
      const env = { AWS_REGION: "west" };
      const got = await here.stage(["download", id, "--dest", dest, "--json"], { env });
      expect(JSON.parse(got.stdout)).toMatchObject({ region: "east" });
    }
    // All of one staging, copied below another id: to delete the copy spares it.
    await here.west.put(key, right);
    const copy = "stage-00000000c0de";
    await here.east.put(`${copy}/_staging.json`, await bytesOf(here.east, key));
    const deleted = await here.stage(["delete", copy, "-y"]);
    expect([deleted.code, deleted.stderr]).toEqual([1, expect.stringContaining(`is of ${id}`)]);
    await here.remove(here.east, `${copy}/_staging.json`);
    await expectWhole(id, { documents: Buffer.from("x") });
  },
);

there("what only looks like a staging's is left alone, and is no id", async () => {
  const { client, name: Bucket } = here.east;
  const others = ["stage-environment/dump", "stage-0123456789ab", "stage-0123456789abc/x"];
  for (const Key of others) await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  await here.east.put("stage-environment/_staging.json", "theirs");
  const done = await here.stage(["cleanup", "--expired", "--json"]);
  expect(JSON.parse(done.stdout)).toEqual({ stagings: [], uploads: 0 });
  expect(await uploadsOf(here.east, "stage-")).toBe(others.length);
  const ids = ["stage-environment", "stage-0123456789AB", "../x", "", "stage-0123456789ab/", "*"];
  for (const id of ids)
    for (const [command, ...more] of [
      ["info"],
      ["download"],
      ["update", "--ttl", "3"],
      ["delete", "-y"],
      ["resume"],
    ] as const)
      expect(await here.stage([command, id, ...more]), `${command} ${id}`).toMatchObject({
        code: 2,
      });
});
