import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ObjectStore } from "../helpers/object-store.ts";
import { runHere } from "../helpers/program.ts";
import { startRgw, whyNoRgw } from "../helpers/rgw.ts";
import { type Bucket, createBucket, endpointAt, keyFileText } from "../helpers/s3-bucket.ts";
import { createWorld, rows } from "../helpers/world.ts";

if (whyNoRgw !== undefined) process.stdout.write(`no bucket is sampled: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);

const KEY = "landing/2026/a b#1?.csv";
const csv = rows(20_000);
let rgw: ObjectStore;
let bucket: Bucket;
let directory: string;
let config: object;

beforeAll(async () => {
  if (whyNoRgw !== undefined) return;
  rgw = await startRgw();
  directory = await mkdtemp(join(tmpdir(), "sampler-bucket-"));
  bucket = await createBucket(rgw, "lake");
  await bucket.put(KEY, csv);
  const keyFile = join(directory, "keys.json");
  await writeFile(keyFile, keyFileText(rgw.keys));
  const endpoints = { default: endpointAt(rgw.url, keyFile, rgw.region) };
  config = { endpoints, allowedRoots: ["s3://lake/landing/"] };
});
afterAll(async () => {
  await rgw?.[Symbol.asyncDispose]();
  if (directory !== undefined) await rm(directory, { recursive: true });
});

there(
  "an object in a bucket is sampled where it lies, its key taken character by character",
  async () => {
    await using world = await createWorld(config);
    const bronze = `s3://lake/${KEY}`;
    await world.announce("a.csv", { bronze });
    await world.announce("gone.csv", { bronze: "s3://lake/landing/gone.csv" });
    await world.announce("other.csv", { bronze: "s3://lake/other/a.csv" });
    await world.announce("up.csv", { bronze: "s3://lake/landing/../other/a.csv" });
    await world.announce("none.csv", { bronze: "s3://lake/landing/." });
    expect((await world.run(["run", "--once"])).code).toBe(3);
    const outcomes = world.rows().map(({ raw, outcome, code }) => [raw, code ?? outcome]);
    expect(Object.fromEntries(outcomes)).toEqual({
      "raw/a.csv": "sampled",
      "raw/gone.csv": "FILE_MISSING",
      "raw/none.csv": "FILE_MISSING",
      "raw/other.csv": "PATH_REFUSED",
      "raw/up.csv": "PATH_REFUSED",
    });
    expect((await world.sample("a_sample.csv")).toString()).toBe(rows(100));
    const receipts = await world.receipts();
    expect(receipts.find(({ outcome }) => outcome === "sampled")).toMatchObject({
      bronze,
      requests: 1,
      readBytes: 131_072,
    });
  },
);

there(
  "preview takes an object in a bucket, of an endpoint that the configuration has",
  async () => {
    await using world = await createWorld(config);
    const url = `s3://lake/${KEY}`;
    const { code, stdout } = await runHere(["preview", url, "--config", world.config, "--json"]);
    expect(code).toBe(0);
    const facts = { name: "a b#1?.csv", format: "csv", rows: 100, requests: 1 };
    expect(JSON.parse(stdout.toString())).toMatchObject({ ...facts, sourceSize: csv.length });
  },
);
