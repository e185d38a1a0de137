import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { whyNoRgw } from "../helpers/rgw.ts";
import { startProxy } from "../helpers/tcp-proxy.ts";
import { startTwoRegions, type TwoRegions } from "./two-regions.ts";

if (whyNoRgw !== undefined) process.stdout.write(`nothing comes from regions: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);

const big = randomBytes(18 * 1024 ** 2);
const sha256 = createHash("sha256").update(big).digest("hex");
const names = ["a", "a.part", "dir/b c.csv", "dir/deep/ä+#?.bin"];

let here: TwoRegions;
let id: string;
let treeId: string;
beforeAll(async () => {
  if (whyNoRgw !== undefined) return;
  here = await startTwoRegions();
  const upload = async (path: string) => {
    const dest = join(here.root, "machine/place");
    const done = await here.json("upload", path, "--regions", "east,west", "--dest", dest);
    return done["staging_id"] as string;
  };
  id = await upload(await here.write("genome.fa", big));
  for (const name of names) await here.write(`tree/${name}`, name);
  treeId = await upload(join(here.root, "tree"));
});
afterAll(() => here?.[Symbol.asyncDispose]());

there("a machine gets a file from its own region, at the place that was said, once", async () => {
  const path = join(here.root, "machine/place");
  const env = { AWS_REGION: "west", AWS_DEFAULT_REGION: "east" };
  const first = await here.stage(["download", id, "--json"], { env });
  const done = { staging_id: id, region: "west", path, size_bytes: big.length, file_count: 1 };
  expect(JSON.parse(first.stdout)).toEqual({ ...done, sha256, was_there: false });
  expect(first.stderr).toBe("from west: this machine's region (AWS_REGION)\n");
  expect((await readFile(path)).equals(big)).toBe(true);
  expect(await readdir(join(path, ".."))).toEqual(["place"]);
  expect(await here.json("download", id, "--region", "east")).toMatchObject({
    region: "east",
    was_there: true,
  });
  await writeFile(path, "mine");
  const other = await here.stage(["download", id]);
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("is not this")]);
  expect((await readFile(path)).toString()).toBe("mine");
});

there(
  "a tree gets its name once all of it is there, and a machine elsewhere the first",
  async () => {
    const path = join(here.root, "elsewhere/tree");
    const env = { AWS_REGION: "ap-south-1" };
    const done = await here.stage(["download", treeId, "--dest", path, "--json"], { env });
    expect(JSON.parse(done.stdout)).toMatchObject({ region: "east", path, file_count: 4 });
    for (const name of names) expect((await readFile(join(path, name))).toString()).toBe(name);
    expect(await readdir(join(path, ".."))).toEqual(["tree"]);
    expect(await here.json("download", treeId, "--dest", path)).toMatchObject({ was_there: true });
    await writeFile(join(path, "a"), "A");
    const other = await here.stage(["download", treeId, "--dest", path]);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("is not this")]);
  },
);

there(
  "a machine elsewhere gets it from where it is cheapest, as its configuration says",
  async () => {
    const transfer = { east: { south: 0.09 }, west: { south: 0.02 } };
    const table = { asOf: "2026-11-30", currency: "EUR", source: "test", transfer };
    const prices = await here.write("ours.yaml", "");
    await writeFile(prices, JSON.stringify({ ...table, storagePerGbMonth: { east: 1 } }));
    await here.configure({ staging: { prices, region: "south" } });
    const done = await here.stage(["download", id, "--dest", join(here.root, "cheap"), "--json"]);
    await here.configure({});
    expect(JSON.parse(done.stdout)).toMatchObject({ region: "west", was_there: false });
    expect(done.stderr).toBe(
      "from west: the cheapest; not in south, this machine's region (staging.region): 0.02 EUR a GB, prices of 2026-11-30\n",
    );
  },
);

there("a list that leads elsewhere, or was changed, brings nothing", async () => {
  const file = { bytes: 1, sha256, etag: "x", part_bytes: 0 };
  const line = `${JSON.stringify({ path: "../../led", ...file })}\n`;
  await here.west.put(`${treeId}/_files.jsonl`, line);
  const path = join(here.root, "out/side");
  const get = () => here.stage(["download", treeId, "--region", "west", "--dest", path]);
  const changed = await get();
  expect([changed.code, changed.stderr]).toEqual([1, expect.stringContaining("CHECKSUM_MISMATCH")]);
  const files_sha256 = createHash("sha256").update(line).digest("hex");
  await here.change(here.west, treeId, { files_sha256 });
  const led = await get();
  expect([led.code, led.stderr]).toEqual([1, expect.stringContaining("FORMAT_INVALID")]);
  expect(await readdir(here.root)).not.toContain("led");
});

there("what breaks off goes on", async () => {
  const path = join(here.root, "broken");
  const breaks = { how: "cut", afterBytes: 5 * 1024 ** 2 } as const;
  let count = 0;
  await using proxy = await startProxy(here.urls.east, () => {
    count += 1;
    return count < 4 ? breaks : undefined;
  });
  await here.configure({ east: proxy.url });
  const done = await here.json("download", id, "--dest", path, "--region", "east");
  expect(done).toMatchObject({ was_there: false });
  expect((await readFile(path)).equals(big)).toBe(true);
  await here.configure({});
});
