import { hostname } from "node:os";
import { expect, test } from "vitest";
import { chooseRegion } from "../../src/regions/choose-region.ts";
import { DEFAULT_PRICES } from "../../src/regions/default-prices.ts";
import type { StagingDocument } from "../../src/regions/document.ts";
import { findMachine } from "../../src/regions/machine.ts";
import type { PriceTable } from "../../src/regions/prices.ts";
import type { Region } from "../../src/regions/region.ts";
import { viewOf } from "../../src/regions/staging-view.ts";
import type { Found } from "../../src/regions/stagings.ts";
import { startMetadata, startSilentMetadata } from "./metadata-server.ts";

const { signal } = new AbortController();
const instance = hostname();
const names = { "placement/region": "eu-west-1", "instance-id": "i-0123456789abcdef0" };

test("a person, then the environment says the region, and the metadata are not asked", async () => {
  await using metadata = await startMetadata(names);
  const env = { ...metadata.env, AWS_REGION: "one", AWS_DEFAULT_REGION: "two" };
  const find = (more: object) => findMachine({ env, configured: "four", ...more }, signal);
  expect(await find({ named: "zero" })).toEqual({ region: "zero", saidBy: "--region", instance });
  expect(await find({})).toEqual({ region: "one", saidBy: "AWS_REGION", instance });
  const empty = { ...env, AWS_REGION: "" };
  expect(await find({ env: empty })).toMatchObject({
    region: "two",
    saidBy: "AWS_DEFAULT_REGION",
  });
  expect(metadata.asked).toEqual([]);
});

test("the instance's metadata say region and instance, for a token only", async () => {
  await using metadata = await startMetadata(names);
  const found = await findMachine({ env: metadata.env, configured: "four" }, signal);
  const said = { region: "eu-west-1", saidBy: "instance metadata" };
  expect(found).toEqual({ ...said, instance: "i-0123456789abcdef0" });
  expect(metadata.asked[0]).toBe("PUT /latest/api/token");
});

test("where no metadata can be had, the configuration says it, or nothing", async () => {
  const nowhere = { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:1" };
  const find = (env: Readonly<Record<string, string>>, configured?: string) =>
    findMachine({ env, configured }, signal);
  expect(await find(nowhere, "four")).toEqual({
    region: "four",
    saidBy: "staging.region",
    instance,
  });
  const unknown = await find(nowhere);
  expect([unknown.region, unknown.saidBy]).toEqual([undefined, expect.stringContaining("REFUSED")]);
  await using metadata = await startMetadata({ "instance-id": "i-1" });
  expect((await find(metadata.env)).saidBy).toContain("it answers 404");
  const off = { ...metadata.env, AWS_EC2_METADATA_DISABLED: "TRUE" };
  const before = metadata.asked.length;
  expect(await find(off, "four")).toMatchObject({ region: "four" });
  expect(metadata.asked).toHaveLength(before);
  await using strange = await startMetadata({ ...names, "placement/region": "../../a b" });
  expect((await find(strange.env)).region).toBeUndefined();
  const wrong = find({ AWS_EC2_METADATA_SERVICE_ENDPOINT: "169.254.169.254" });
  await expect(wrong).rejects.toMatchObject({ code: "USAGE" });
});

test("a service that does not answer is not waited for, nor does it outlast a signal", async () => {
  await using metadata = await startSilentMetadata();
  const { region, saidBy } = await findMachine(
    { env: metadata.env, configured: undefined },
    signal,
  );
  expect([region, saidBy]).toEqual([undefined, expect.stringContaining("no answer within")]);
  const reason = new Error("stopped");
  const stopped = findMachine(
    { env: metadata.env, configured: undefined },
    AbortSignal.abort(reason),
  );
  await expect(stopped).rejects.toBe(reason);
});

function found(states: Readonly<Record<string, StagingDocument["state"]>>): Found {
  const regions = Object.keys(states);
  const documents = regions.map(
    (region) => ({ region, regions, state: states[region], reason: null }) as StagingDocument,
  );
  const answers = documents.map((document) => ({ region: document.region, document }));
  const reads = documents.map((document) => ({
    region: { name: document.region } as Region,
    read: { document, etag: "" },
  }));
  return { view: viewOf(answers) as NonNullable<ReturnType<typeof viewOf>>, reads };
}

function chosen(of: Found, region: string | undefined, table: PriceTable = DEFAULT_PRICES) {
  const { from, why } = chooseRegion(of, { region, saidBy: "AWS_REGION" }, () => table);
  return [from.region.name, why];
}

test("a machine fetches from its own region, else from where it is cheapest, else from the first", () => {
  const three = found({
    "ap-south-1": "complete",
    "us-east-1": "complete",
    "eu-west-1": "complete",
  });
  expect(chosen(three, "eu-west-1")).toEqual(["eu-west-1", "this machine's region (AWS_REGION)"]);
  expect(chosen(three, "us-east-2")).toEqual([
    "us-east-1",
    "the cheapest; not in us-east-2, this machine's region (AWS_REGION): 0.01 USD a GB, prices of 2022-08-01, an estimate",
  ]);
  const own = { ...DEFAULT_PRICES, asOf: "2026-11-30" };
  expect(chosen(three, "us-west-2", own)).toEqual([
    "us-east-1",
    "the first of those that cost the same; not in us-west-2, this machine's region (AWS_REGION): 0.02 USD a GB, prices of 2026-11-30",
  ]);
  expect(chosen(three, "mars-1")[1]).toContain("no price from us-east-1 to mars-1");
  expect(chosen(three, undefined)[0]).toBe("ap-south-1");
});

test("a region that is not complete gives nothing, whatever it costs", () => {
  const two = found({
    "us-east-1": "replicating",
    "ap-south-1": "complete",
    "eu-west-1": "failed",
  });
  expect(chosen(two, "us-east-1")).toEqual([
    "ap-south-1",
    "the only complete one; not in us-east-1, this machine's region (AWS_REGION)",
  ]);
  expect(() => chosen(found({ a: "failed" }), "a")).toThrow("complete in no region");
});
