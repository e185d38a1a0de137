import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { loadStaging } from "../../src/config/load.ts";
import { forEach } from "../../src/lib/for-each.ts";
import { documentsIn } from "../../src/regions/listed.ts";
import { openRegions, type Region } from "../../src/regions/region.ts";
import type { StagingView } from "../../src/regions/staging-view.ts";
import { readStagings } from "../../src/regions/stagings.ts";
import { openStaging } from "../../src/store/open.ts";
import { allOf } from "../helpers/all-of.ts";
import { whyNoRgw } from "../helpers/rgw.ts";
import { startTwoRegions, type TwoRegions } from "./two-regions.ts";

if (whyNoRgw !== undefined) process.stdout.write(`no bucket is listed: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);
const { signal } = new AbortController();

let here: TwoRegions;
let regions: readonly Region[];
beforeAll(async () => {
  if (whyNoRgw !== undefined) return;
  here = await startTwoRegions();
  const settings = loadStaging({ config: here.config, env: {} });
  regions = await openRegions({ settings, signal }, ["east", "west"]);
});
afterAll(() => here?.[Symbol.asyncDispose]());

/** A region whose requests are counted. */
function counted(region: Region) {
  const counts = { pages: 0, gets: 0 };
  const bucket: Region["bucket"] = {
    ...region.bucket,
    async *list(prefix, after) {
      for await (const page of region.bucket.list(prefix, after)) {
        counts.pages += 1;
        yield page;
      }
    },
    get(key) {
      counts.gets += 1;
      return region.bucket.get(key);
    },
  };
  return { region: { ...region, bucket }, counts };
}

async function upload(...args: readonly string[]): Promise<string> {
  const path = await here.write("listed", "x");
  const wanted = ["upload", path, "--regions", "east,west", ...args];
  return (await here.json<{ staging_id: string }>(...wanted)).staging_id;
}

there("a listing passes over the files of large trees, and counts uses by day", async () => {
  const [region] = regions as [Region];
  const { bucket } = region;
  const [one, two] = ["stage-aaaaaaaaaaaa", "stage-bbbbbbbbbbbb"] as const;
  const keys = [
    ...Array.from({ length: 1100 }, (_, i) => `${one}/A${1000 + i}`),
    ...Array.from({ length: 2100 }, (_, i) => `${one}/b${1000 + i}`),
    ...Array.from({ length: 1100 }, (_, i) => `stage-of-others/${1000 + i}`),
    `${one}/_files.jsonl`,
    `${one}/_staging.json`,
    `${one}/_uses/a`,
    `${one}/_uses/b`,
    `${two}/_staging.json`,
    `${two}/_uses`,
    "_ended/stage-cccccccccccc.json",
  ];
  await forEach(keys, 32, async (key) => void (await bucket.put(key, Buffer.from(key))));
  const seen = counted(region);
  const found = await allOf(documentsIn(seen.region.bucket));
  const today = new Date().toISOString().slice(0, 10);
  expect(found.map(({ key, uses }) => ({ key, uses }))).toEqual([
    { key: "_ended/stage-cccccccccccc.json", uses: {} },
    { key: `${one}/_staging.json`, uses: { [today]: 2 } },
    { key: `${two}/_staging.json`, uses: {} },
  ]);
  // One page of what was removed, two of the tree, and two of the 1,102 keys after it.
  expect(seen.counts.pages).toBe(5);
  await forEach(keys, 32, async (key) => bucket.remove([key]));
});

there("documents that did not change are not asked for again, in any process", async () => {
  await upload();
  const state = join(here.root, "reading");
  const read = async (when: "always" | "all") => {
    const store = openStaging(state);
    const seen = regions.map(counted);
    const onProblem = (_: string, message: string) => expect.unreachable(message);
    const options = { documents: store.documents, when, signal, onProblem };
    const views = await readStagings(
      seen.map(({ region }) => region),
      options,
    );
    await store.close();
    return { views, gets: seen.reduce((sum, { counts }) => sum + counts.gets, 0) };
  };
  const first = await read("always");
  expect(first.gets).toBe(2 * first.views.length);
  const [{ staging_id: id }] = first.views as readonly [StagingView];
  expect(await read("always")).toEqual({ ...first, gets: 0 });
  expect(await read("all")).toEqual(first);
  await here.change(here.west, id, { state: "failed", reason: "by another machine" });
  const next = await read("always");
  expect([next.gets, next.views[0]?.state]).toEqual([1, "failed"]);
  await here.stage(["delete", id, "--yes"]);
  expect((await read("always")).views.map(({ staging_id }) => staging_id)).not.toContain(id);
});

there(
  "what takes long to read is shown again for a while, but not after a change here",
  async () => {
    const id = await upload("--sweep-id", "slow");
    const list = () =>
      here.json<{ staging_id: string; state: string }[]>("list", "--sweep-id", "slow");
    expect(await list()).toMatchObject([{ staging_id: id, state: "complete" }]);
    const { documents, close } = openStaging(join(here.root, "state"));
    onTestFinished(close);
    const slow = async () => {
      for (const region of await documents.regions())
        await documents.note({ ...region, tookMs: 60_000, changed: [], gone: [] });
    };
    await slow();
    await here.change(here.west, id, { state: "failed", reason: "by another machine" });
    expect(await list()).toMatchObject([{ state: "complete" }]);
    const refreshed = await here.json("list", "--sweep-id", "slow", "--refresh");
    expect(refreshed).toMatchObject([{ state: "failed" }]);
    await slow();
    await here.stage(["delete", id, "--yes"]);
    expect(await list()).toEqual([]);
  },
);

there("an upload says beforehand how long it takes, once one was made", async () => {
  const path = await here.write("paced", Buffer.alloc(17 * 1024 ** 2));
  const plan = () =>
    here.json<{ seconds: number | null }>("upload", path, "--regions", "east,west", "--dry-run");
  expect((await plan()).seconds).toBeNull();
  expect((await here.stage(["upload", path, "--regions", "east,west"])).code).toBe(0);
  await here.stage(["list"]);
  expect((await plan()).seconds).toBeGreaterThan(0);
});

there("a region that is down is told, and what it had is shown as unknown", async () => {
  const id = await upload();
  await here.stage(["list"]);
  await here.configure({ west: new URL("http://127.0.0.1:1/"), staging: { retries: 0 } });
  const { stdout, stderr, code } = await here.stage(["list", "--json"]);
  const views = JSON.parse(stdout) as { staging_id: string; state: string }[];
  expect(views.find((view) => view.staging_id === id)?.state).toBe("unknown");
  expect([code, stderr]).toEqual([3, expect.stringContaining("west: ")]);
  await here.configure({});
  expect(await here.json("list")).toContainEqual(
    expect.objectContaining({ staging_id: id, state: "complete" }),
  );
});

there("info and cost tell what it cost, also once it was removed", async () => {
  const id = await upload("--sweep-id", "costs");
  for (const machine of ["a", "b"]) await here.west.put(`${id}/_uses/${machine}`, "{}");
  await here.east.put(`${id}/_uses/c`, "{}");
  const info = await here.json<{ regions: unknown; cost: Record<string, unknown> }>("info", id);
  expect(info.regions).toMatchObject([
    { region: "east", uses: 1 },
    { region: "west", uses: 2 },
  ]);
  const formula = expect.stringMatching(/^east → west .* GB × /) as unknown;
  expect(info.cost).toMatchObject({ replication: { formula }, direct: { formula } });
  const { stdout } = await here.stage(["info", id]);
  expect(stdout).toMatch(/west: s3:.* complete, fetched by 2 machines\n/);
  expect(stdout).toMatch(/^ {2}saving .* direct - replication - storage - requests$/m);
  const cost = () =>
    here.json<{ stagings: object[]; replication: unknown }>("cost", "--sweep-id", "costs");
  const before = await cost();
  expect(before.stagings).toMatchObject([{ staging_id: id, uses: 3, is_there: true }]);
  await here.stage(["delete", id, "--yes"]);
  const after = await cost();
  expect(after.replication).toEqual(before.replication);
  expect(after.stagings).toMatchObject([{ staging_id: id, uses: 3, is_there: false }]);
  const csv = await here.stage(["cost", "--sweep-id", "costs", "--format", "csv"]);
  expect(csv.stdout).toMatch(/^kind,name,amount,saving,formula\nfigure,replication,/);
  expect(csv.stdout).toContain(`\nstaging,${id},`);
  const table = await here.stage(["cost", "--staging-id", id]);
  expect(table.stdout).toMatch(/: 1 staging\n\nFIGURE +USD +FORMULA\n/);
  expect(await here.stage(["cost", "--since", "yesterday"])).toMatchObject({ code: 2 });
  const none = await here.json<{ stagings: object[] }>("cost", "--since", "2100-01-01");
  expect(none.stagings).toEqual([]);
});
