import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Passing, startHttpProxy } from "../helpers/http-proxy.ts";
import { whyNoRgw } from "../helpers/rgw.ts";
import { hashesIn, sha256Of, uploadsOf } from "./stored.ts";
import { keysOf, startTwoRegions, type TwoRegions } from "./two-regions.ts";

if (whyNoRgw !== undefined) process.stdout.write(`nothing happens meanwhile: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);

const PART_BYTES = 5 * 1024 ** 2;
const BROKEN = { status: 400, word: "Broken" };
const OVER = { expires_at: "2020-01-01T00:00:00.000Z" };

const ends = new AsyncDisposableStack();
let here: TwoRegions;
let through: { readonly east: URL; readonly west: URL };
let isBroken = false;
/** Called before each request that sends something to the first region, or to the second, goes on. */
let meanwhile: ((request: Passing) => Promise<void>) | undefined;
let meanwhileCopied: typeof meanwhile;
beforeAll(async () => {
  if (whyNoRgw !== undefined) return;
  here = ends.use(await startTwoRegions());
  const proxy = await startHttpProxy(here.urls.east, async (request) => {
    if (isBroken && request.query.has("partNumber")) return BROKEN;
    if (isFile(request)) await meanwhile?.(request);
    return undefined;
  });
  const copied = await startHttpProxy(here.urls.west, async (request) => {
    if (isFile(request)) await meanwhileCopied?.(request);
    return undefined;
  });
  through = { east: ends.use(proxy).url, west: ends.use(copied).url };
  await here.configure({ ...through, staging: { partBytes: PART_BYTES } });
});
afterEach(() => {
  meanwhile = undefined;
  meanwhileCopied = undefined;
});
afterAll(() => ends.disposeAsync());

function isFile({ method, path }: Passing): boolean {
  return method === "PUT" && /\/stage-[^/]+\/(?!_)/.test(path);
}

/** Has all that is sent wait until something was done once. */
function once(work: (id: string) => Promise<unknown>): void {
  let done: Promise<unknown> | undefined;
  meanwhile = async ({ path }) => {
    const [id = ""] = /stage-[0-9a-f]{12}/.exec(path) ?? [];
    await (done ??= work(id));
  };
}

/** Writes a tree of a file in parts and small ones. */
async function tree(name: string): Promise<string> {
  await here.write(`${name}/big`, randomBytes(PART_BYTES + 1));
  for (let i = 0; i < 20; i += 1) await here.write(`${name}/f${i}`, `${i}`);
  return join(here.root, name);
}

async function uploaded(path: string) {
  const ran = await here.stage(["upload", path, "--regions", "east,west", "--json"]);
  const [id = ""] = /stage-[0-9a-f]{12}/.exec(ran.stdout + ran.stderr) ?? [];
  return { ...ran, id };
}

there("of a staging that is deleted while it is sent nothing is left", async () => {
  const small = join(await here.write("small/f", "x"), "..");
  for (const path of [await tree("deleted"), small]) {
    let deleted: unknown;
    once(async (id) => (deleted = await here.json("delete", id, "-y")));
    const { code, stderr, id } = await uploaded(path);
    expect(deleted).toMatchObject({ regions: [{ left: null }, { left: null }] });
    expect([code, stderr]).toEqual([75, expect.stringContaining("is being deleted in east")]);
    for (const bucket of [here.east, here.west]) {
      expect(await keysOf(bucket, id)).toEqual([]);
      expect(await uploadsOf(bucket, id)).toBe(0);
    }
  }
});

there("of a staging that is deleted while it is copied nothing is left", async () => {
  once((id) => here.json("delete", id, "-y"));
  [meanwhile, meanwhileCopied] = [undefined, meanwhile];
  const { code, stderr, id } = await uploaded(await tree("copied"));
  expect([code, stderr]).toEqual([75, expect.stringContaining("is being deleted in west")]);
  expect(stderr).not.toContain("stage resume");
  for (const bucket of [here.east, here.west]) {
    expect(await keysOf(bucket, id)).toEqual([]);
    expect(await uploadsOf(bucket, id)).toBe(0);
  }
});

there("cleanup removes what is over even while it is sent, and nothing else", async () => {
  for (const isOver of [true, false]) {
    let cleaned: { readonly stagings?: readonly object[] } = {};
    once(async (id) => {
      if (isOver) for (const bucket of [here.east, here.west]) await here.change(bucket, id, OVER);
      cleaned = await here.json("cleanup", "--expired");
    });
    const { code, id } = await uploaded(await tree("over"));
    expect([code, cleaned.stagings?.length]).toEqual(isOver ? [75, 1] : [0, 0]);
    expect(await keysOf(here.east, id)).toHaveLength(isOver ? 0 : 23);
  }
});

there("a staging that is extended while it is sent comes whole, and stays as long", async () => {
  once((id) => here.json("update", id, "--ttl", "90"));
  const { code, id } = await uploaded(await tree("extended"));
  expect(code).toBe(0);
  const info = await here.json<{ readonly expires_at: string }>("info", id);
  expect(info).toMatchObject({ state: "complete" });
  expect(Date.parse(info.expires_at) - Date.now()).toBeGreaterThan(89 * 86_400_000);
});

there(
  "of two who send at once neither is believed where they may have sent different bytes",
  async () => {
    const path = await here.write("twice/f", "one");
    let resumed: unknown;
    once(async (id) => {
      await writeFile(path, "two");
      meanwhile = undefined;
      resumed = await here.json("resume", id);
    });
    const { code, stderr, id } = await uploaded(join(here.root, "twice"));
    expect(resumed).toMatchObject({ state: "complete" });
    // What the first one sent came last.
    expect(await hashesIn(here.east, id)).toEqual({ f: sha256Of(Buffer.from("one")) });
    expect([code, stderr]).toEqual([
      75,
      expect.stringContaining("another process is at it in east"),
    ]);
    expect(await here.json("info", id)).toMatchObject({
      state: "failed",
      regions: [{ reason: expect.stringContaining("at the same time") }, { state: "complete" }],
    });
    expect(await here.json("resume", id)).toMatchObject({ state: "complete" });
    for (const bucket of [here.east, here.west])
      expect(await hashesIn(bucket, id)).toEqual({ f: sha256Of(Buffer.from("two")) });
  },
);

there("of two who resume at once one goes on, or the next one does", async () => {
  const path = await tree("resumed");
  for (let round = 0; round < 3; round += 1) {
    const id = await interrupted(path);
    const ran = await Promise.all([1, 2].map(() => here.stage(["resume", id, "--json"])));
    const info = await here.json("info", id);
    if (ran.every(({ code }) => code !== 0)) expect(info).not.toMatchObject({ state: "complete" });
    if (info["state"] !== "complete") await here.json("resume", id);
    expect(await here.json("info", id)).toMatchObject({ state: "complete", file_count: 21 });
    expect(await hashesIn(here.east, id)).toEqual(await hashesIn(here.west, id));
  }
});

there("what changed since an upload broke off is sent as it is now", async () => {
  const path = await tree("changed");
  const id = await interrupted(path);
  await writeFile(join(path, "f1"), "another");
  await writeFile(join(path, "new"), "new");
  for (const name of ["f2", "f3"]) await rm(join(path, name));
  expect(await here.json("resume", id)).toMatchObject({ state: "complete", file_count: 20 });
  for (const bucket of [here.east, here.west]) {
    const hashes = await hashesIn(bucket, id);
    expect(Object.keys(hashes)).toHaveLength(20);
    expect(hashes).toMatchObject({
      f1: sha256Of(Buffer.from("another")),
      new: sha256Of(Buffer.from("new")),
    });
  }
});

there("where the source is not there, or another one, nothing is resumed", async () => {
  const path = await tree("gone");
  const id = await interrupted(path);
  await rm(path, { recursive: true });
  const gone = await here.stage(["resume", id]);
  expect([gone.code, gone.stderr]).toEqual([2, expect.stringContaining("cannot be sent")]);
  await writeFile(path, "a file now");
  const other = await here.stage(["resume", id]);
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("is not a tree")]);
  expect(await here.json("info", id)).toMatchObject({ state: "failed" });
});

/** An upload that failed: of a file in parts nothing came. */
async function interrupted(path: string): Promise<string> {
  isBroken = true;
  const { code, id } = await uploaded(path);
  isBroken = false;
  expect(code).toBe(1);
  return id;
}
