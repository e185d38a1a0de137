import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { run } from "../helpers/world.ts";
import { kept, moved, offerText, type Row } from "../regions/offers.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "sampler-prices-"));
  return async () => await rm(directory, { recursive: true });
});

const stage = (...args: readonly string[]) =>
  run([process.execPath, main, "stage", ...args], undefined, { env: {} });

async function list(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

const s3 = (...rows: readonly Row[]) => list("s3.csv", offerText("AmazonS3", rows, "2026-09-18"));
const moves = (...rows: readonly Row[]) =>
  list("transfer.csv", offerText("AWSDataTransfer", rows, "2026-08-27"));

test("price lists of AWS become a table that stage estimate takes", async () => {
  const storage = await s3(
    kept("us-west-2", "0.0230000000", { usageType: "USW2-TimedStorage-ByteHrs" }),
    kept("us-east-1", "0.0230000000", { usageType: "TimedStorage-ByteHrs" }),
    kept("us-east-1", "0.9", {
      usageType: "TimedStorage-ByteHrs",
      StartingRange: "512000",
    }),
    kept("us-east-1", "0.9", { usageType: "TimedStorage-SIA-ByteHrs" }),
    kept("us-east-1", "0.9", { Unit: "Objects" }),
    kept("us-east-1", "0.9", { TermType: "Reserved" }),
    kept("us-east-1", ""),
    kept("", "0.9"),
  );
  const transfer = await moves(
    moved("us-east-1", "us-west-2", "0.0200000000"),
    moved("us-east-1", "us-west-2", "0.0100000000"),
    moved("us-west-2", "us-east-1", "0.02"),
    moved("us-east-1", "us-east-1", "0.9"),
    moved("us-east-1", "us-west-2", "0.9", { "To Location Type": "AWS Local Zone" }),
    moved("us-east-1", "us-west-2", "0.9", { usageType: "USE1-USW2-AWS-In-Bytes" }),
    moved("us-east-1", "", "0.9", { usageType: "USE1-DataTransfer-Out-Bytes" }),
  );
  const imported = await stage("prices", "import", storage, transfer);
  expect(imported).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(imported.stdout)).toEqual({
    asOf: "2026-08-27",
    currency: "USD",
    source: "price lists of AWS: AmazonS3, AWSDataTransfer",
    storagePerGbMonth: { "us-east-1": 0.023, "us-west-2": 0.023 },
    transfer: { "us-east-1": { "us-west-2": 0.02 }, "us-west-2": { "us-east-1": 0.02 } },
  });
  const table = await list("prices.yaml", imported.stdout);
  const plan = ["--data-size-gb", "100", "--instances", "10", "--regions", "us-east-1,us-west-2"];
  const estimated = await stage("estimate", ...plan, "--prices", table);
  expect(estimated).toMatchObject({ code: 0, stderr: "" });
  expect(estimated.stdout).toContain(
    "\nstage it: saves 87.3 %\nAn estimate, by prices of 2026-08-27",
  );
});

test("lists of some regions add up", async () => {
  const storage = await s3(kept("a", "1"), kept("b", "2"));
  const one = await moves(moved("a", "b", "1"));
  const other = await list("other.csv", offerText("AWSDataTransfer", [moved("a", "c", "3")]));
  const { stdout } = await stage("prices", "import", storage, one, other);
  expect(JSON.parse(stdout)).toMatchObject({ transfer: { a: { b: 1, c: 3 } } });
});

test.each([
  ["no storage", [moved("a", "b", "1")], /USAGE: no price of storage: name the list of AmazonS3/],
  ["no transfers", [kept("a", "1")], /USAGE: no price of transfers: name the list of AWSData/],
  [
    "two currencies",
    [kept("a", "1"), moved("a", "b", "1", { Currency: "CNY" })],
    /USAGE: the lists have several currencies: USD, CNY/,
  ],
])("lists with %s are refused", async (_what, rows, message) => {
  const { code, stdout, stderr } = await stage("prices", "import", await s3(...rows));
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(message);
});

test.each([
  ["is not there", undefined, /USAGE: cannot read .*ENOENT/],
  ["is no CSV", '{"offerCode": "AmazonS3",\n "x": 1}', /USAGE: .*list\.csv: .*[Qq]uote/],
  [
    "is another table",
    "id,n\n1,2\n",
    /USAGE: .*list\.csv is no price list of AWS as CSV: it has no column SKU/,
  ],
  ["never closes a quote", `"${"x".repeat(3 * 1024 ** 2)}`, /USAGE: .*list\.csv: .*record/i],
])("a list that %s is refused", async (_what, content, message) => {
  const path = join(directory, "list.csv");
  if (content !== undefined) await writeFile(path, content);
  const { code, stdout, stderr } = await stage("prices", "import", path);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(message);
});
