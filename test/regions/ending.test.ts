import { join } from "node:path";
import { CreateMultipartUploadCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { loadStaging } from "../../src/config/load.ts";
import { beginUpload } from "../../src/regions/begin.ts";
import { cleanUp } from "../../src/regions/cleanup.ts";
import { extendStaging } from "../../src/regions/extend.ts";
import { planUpload } from "../../src/regions/plan.ts";
import { openRegions } from "../../src/regions/region.ts";
import { removeStaging } from "../../src/regions/remove.ts";
import { findStaging } from "../../src/regions/stagings.ts";
import { sendToRegions } from "../../src/regions/upload.ts";
import { openStaging } from "../../src/store/open.ts";
import { hasTerminal, onTerminal } from "../cli/terminal.ts";
import { whyNoRgw } from "../helpers/rgw.ts";
import type { Bucket } from "../helpers/s3-bucket.ts";
import { keysOf, startTwoRegions, type TwoRegions, uploadsIn } from "./two-regions.ts";

if (whyNoRgw !== undefined) process.stdout.write(`nothing ends in regions: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);
const OVER = { expires_at: "2020-01-01T00:00:00.000Z" };
const { signal } = new AbortController();

let here: TwoRegions;
beforeAll(async () => {
  if (whyNoRgw === undefined) here = await startTwoRegions();
});
afterAll(() => here?.[Symbol.asyncDispose]());

async function upload(): Promise<string> {
  const path = await here.write("ends", "x");
  const settings = loadStaging({ config: here.config, env: {} });
  const all = { settings, signal };
  const wanted = { path, regions: ["east", "west"], days: 7, onLeftOut: () => {} };
  const planned = await planUpload(wanted, settings);
  const begun = await beginUpload(wanted, planned, all);
  const sending = { source: planned.source, begun, isAgain: false, onProgress: () => {} };
  const [first] = await sendToRegions(sending, all);
  return first?.staging_id ?? "";
}

async function left(id: string): Promise<number> {
  return (await keysOf(here.east, id)).length + (await keysOf(here.west, id)).length;
}

function regionsHere() {
  const settings = loadStaging({ config: here.config, env: {} });
  return openRegions({ settings, signal }, ["east", "west"]);
}

/** Begins to send something in parts. */
async function begin({ client, name }: Bucket, key: string): Promise<void> {
  await client.send(new CreateMultipartUploadCommand({ Bucket: name, Key: key }));
}

there("delete removes all of one staging, and asks nobody who cannot answer", async () => {
  const [id, other] = [await upload(), await upload()];
  await begin(here.east, `${id}/more`);
  const asked = await here.stage(["delete", id]);
  expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining("--yes")]);
  expect(await left(id)).toBe(6);
  const done = await here.stage(["delete", id, "-y"]);
  expect(done).toMatchObject({
    code: 0,
    stdout: "east: 2 objects removed\nwest: 2 objects removed\n",
  });
  expect([await left(id), await uploadsIn(here.east), await left(other)]).toEqual([0, 0, 6]);
});

if (!hasTerminal) process.stdout.write("nobody is asked on a terminal: there is no `script`\n");

test.skipIf(whyNoRgw !== undefined || !hasTerminal)(
  "delete asks on a terminal, and takes only a yes for one",
  async () => {
    const id = await upload();
    const env = { STAGING_SAMPLER_CONFIG: here.config };
    for (const [answer, code, files] of [
      ["\n", 1, 6],
      ["y\n", 0, 0],
    ] as const) {
      await using terminal = await onTerminal(["stage", "delete", id], env);
      await terminal.until(/in east, west[\s\S]*\[y\/N\]/);
      terminal.type(answer);
      expect(await terminal.exited()).toBe(code);
      expect(await left(id)).toBe(files);
    }
  },
);

there("what cannot be deleted is told, and deleted the next time", async () => {
  const id = await upload();
  await here.configure({ east: new URL("http://127.0.0.1:1/"), staging: { retries: 0 } });
  const some = await here.stage(["delete", id, "-y", "--json"]);
  expect(some.code).toBe(1);
  expect(JSON.parse(some.stdout).regions).toEqual([
    { region: "west", objects: 2, left: null },
    { region: "east", objects: 0, left: expect.stringContaining("ECONNREFUSED") },
  ]);
  const extended = await here.stage(["update", id, "--ttl", "3"]);
  expect([extended.code, extended.stderr]).toEqual([1, expect.stringContaining("ECONNREFUSED")]);
  await here.configure({});
  expect(await left(id)).toBe(3);
  expect(await here.json("info", id)).toMatchObject({
    state: "missing",
    regions: [{ state: "complete" }, { state: "missing" }],
  });
  expect(await here.stage(["delete", id, "-y"])).toMatchObject({ code: 0 });
  expect(await left(id)).toBe(0);
});

there("cleanup removes what is over, and what was being deleted, and nothing else", async () => {
  const [over, killed, lives] = [await upload(), await upload(), await upload()];
  for (const bucket of [here.east, here.west]) await here.change(bucket, over, OVER);
  await here.change(here.west, killed, { state: "deleting" });
  await begin(here.east, "stage-ffffffffffff/abandoned");
  await here.change(here.west, lives, { state: "uploading" });
  await begin(here.west, `${lives}/sent`);
  const done = await here.stage(["cleanup", "--expired", "--json"]);
  // One region of the configuration has no bucket.
  expect([done.code, done.stderr]).toEqual([3, expect.stringContaining("gone: ")]);
  const { stagings, uploads } = JSON.parse(done.stdout) as {
    stagings: { staging_id: string }[];
    uploads: number;
  };
  expect(stagings.map((each) => each.staging_id).toSorted()).toEqual([over, killed].toSorted());
  expect(uploads).toBe(1);
  expect([await left(over), await left(killed), await left(lives)]).toEqual([0, 0, 6]);
  expect([await uploadsIn(here.east), await uploadsIn(here.west)]).toEqual([0, 1]);
  expect((await here.stage(["cleanup"])).code).toBe(2);
});

there("a staging that is over stays while one of its regions cannot be asked", async () => {
  const id = await upload();
  for (const bucket of [here.east, here.west]) await here.change(bucket, id, OVER);
  await here.configure({ east: new URL("http://127.0.0.1:1/"), staging: { retries: 0 } });
  const done = await here.stage(["cleanup", "--expired"]);
  await here.configure({});
  expect([done.code, done.stderr]).toEqual([3, expect.stringContaining(`${id}: it stays: east`)]);
  expect(await left(id)).toBe(6);
});

there("update says until when, in each region, and what was extended since stays", async () => {
  const id = await upload();
  const before = Date.now();
  const { expires_at } = await here.json<{ expires_at: string }>("update", id, "--ttl", "30");
  expect(Math.round((Date.parse(expires_at) - before) / 86_400_000)).toBe(30);
  const regions = await regionsHere();
  const found = await findStaging(regions, id, signal);
  expect(found.reads.map(({ read }) => read.document.expires_at)).toEqual([expires_at, expires_at]);
  // As cleanup saw it before it was extended.
  for (const bucket of [here.east, here.west]) await here.change(bucket, id, OVER);
  const seen = await findStaging(regions, id, signal);
  await extendStaging(seen, 1);
  const isOver = ({ expires_at }: { readonly expires_at: string }) =>
    Date.parse(expires_at) < Date.now();
  expect(await removeStaging(seen, isOver, signal)).toBeUndefined();
  expect(await left(id)).toBe(6);
});

there("of an extension and a cleanup at the same time one gives way", async () => {
  const regions = await regionsHere();
  const store = openStaging(join(here.root, "state"));
  onTestFinished(() => store.close());
  for (let round = 0; round < 4; round += 1) {
    const id = await upload();
    for (const bucket of [here.east, here.west]) await here.change(bucket, id, OVER);
    const found = await findStaging(regions, id, signal);
    const { documents } = store;
    const options = { isExpired: true, sweepId: undefined, documents, signal, onProblem: () => {} };
    const [extended] = await Promise.allSettled([
      extendStaging(found, 1),
      cleanUp(regions, options),
    ]);
    expect(await left(id)).toBe(extended.status === "fulfilled" ? 6 : 0);
    if (extended.status === "rejected") expect(extended.reason).toMatchObject({ code: "USAGE" });
  }
});
