import { rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { z } from "zod";
import { configSchema } from "../../src/config/schema.ts";
import { createWorld, MTIME, rows, type World } from "../helpers/world.ts";

/**
 * For each setting a value that is not its default. `prefix`, `state` and `database` have tests of their
 * own, and so has `mask`, the one setting whose change makes samples again (`test/masking/lake.test.ts`).
 */
const others: Readonly<Record<string, unknown>> = {
  schedule: "0 0 29 2 *",
  watch: false,
  stopSeconds: 1,
  "datasets.include": ["acme/*/*"],
  "datasets.exclude": ["acme/*/*"],
  allowedRoots: [tmpdir()],
  "manifest.settleMs": 20,
  "manifest.start": "end",
  "drain.order": "newest",
  "drain.threads": 1,
  "drain.concurrency": 1,
  "load.maxCpu": 100,
  "load.maxIo": 90,
  "load.maxMemory": 100,
  "load.datasetSecondsPerHour": 3600,
  "sample.enabled": false,
  "sample.rows": 2,
  "sample.bytes": 50,
  "sample.members": 0,
  "sample.tar": "members",
  "sample.strategy": "spread",
  "sample.parts": 5,
  "sample.layout": "mirror",
  "limits.readBytes": "8MiB",
  "limits.recordBytes": "1KiB",
  "limits.seconds": 1,
  "limits.depth": 0,
  "limits.ratio": 1,
  "retention.maxAge": "365d",
  "retention.maxFiles": 1,
  "retention.maxBytes": 1,
  "formats.extensions": { ".bin": "csv", ".csv": "text" },
  "formats.names": { "mod*": "csv", "*.csv": "text" },
  "drift.enabled": false,
  "drift.series": [{ match: "^raw" }],
  "drift.history": 1,
  "drift.maxSeries": 1,
  "drift.report.added": "off",
  "drift.report.removed": "off",
  "drift.report.renamed": "off",
  "drift.report.reordered": "off",
  "drift.report.type": "off",
  "drift.report.dialect": "off",
  "drift.report.size": "off",
  "drift.size.below": 0.9,
  "drift.size.after": 1,
  "raw.mode": "early",
  "raw.directories": ["landing"],
  "raw.ignore": ["*.unfinished"],
  "raw.ready": "quiet",
  "raw.marker": "_SUCCESS",
  "raw.quietSeconds": 1,
  "raw.everySeconds": 1,
  "raw.relistSeconds": 1,
  "raw.restat": true,
  "raw.expectSeconds": 1,
  "contracts.file": "contract.odcs.yaml",
  "contracts.objects": { "raw/**": "orders" },
  "contracts.columns.extra": "fail",
  "contracts.columns.missingOptional": "fail",
  "contracts.columns.order": "warn",
  "contracts.nulls": ["", "NA"],
  "contracts.rows": true,
  overrides: [{ datasets: "**", sample: { rows: 3 }, limits: { depth: 1 } }],
  "hooks.finding": ["/bin/true"],
  "hooks.failure": ["/bin/true"],
  "hooks.gatherSeconds": 1,
  "hooks.callSeconds": 1,
  "http.listen": "127.0.0.1:0",
  "http.hosts": ["samples.example.com"],
  "log.level": "debug",
  "staging.runs": join(tmpdir(), "runs"),
  "staging.store": join(tmpdir(), "store"),
  "staging.storeBytes": "1GiB",
  "staging.runTtl": "1h",
  "staging.transfers": 1,
  "staging.parts": 1,
  "staging.partBytes": "1MiB",
  "staging.bytesPerSecond": "1MiB",
  "staging.retries": 0,
  "staging.stallSeconds": 1,
  "staging.maxBytes": "1GiB",
  "staging.caFile": "/etc/ssl/ca.pem",
  "staging.listen": "127.0.0.1:0",
  "staging.tokenFile": "/etc/token",
  "staging.prices": "prices.yaml",
  "staging.region": "us-east-1",
  "staging.hosts.allow": ["data.example.org"],
  "staging.hosts.deny": ["data.example.org"],
  "staging.tools": { samtools: { command: ["samtools"] } },
  regions: { "eu-central-1": { endpoint: "lake" } },
  endpoints: { lake: { url: "https://s3.example.org", region: "eu-central-1" } },
};

const files: Readonly<Record<string, string | Buffer>> = {
  "2026/a.csv": rows(200),
  "2026/b.csv.gz": gzipSync(rows(200)),
  "c.tar": Buffer.alloc(1024),
  "model.bin": Buffer.alloc(2000, 7),
};
const raws = Object.keys(files);

/** Samples of several kinds, and a file that failed for good. */
async function fill(world: World): Promise<void> {
  for (const [raw, bytes] of Object.entries(files)) await world.put(raw, bytes);
  await world.put("broken.parquet", "no parquet");
  await world.pass();
}

async function announceAgain(world: World): Promise<void> {
  for (const raw of raws) await world.announce(raw);
}

/** `sample.rows` → the keys of the JSON Schema that are no objects with keys of their own. */
function settingsIn(node: z.core.JSONSchema.BaseSchema, path: readonly string[] = []): string[] {
  if (node.properties === undefined) return [path.join(".")];
  return Object.entries(node.properties).flatMap(([key, value]) =>
    settingsIn(value as z.core.JSONSchema.BaseSchema, [...path, key]),
  );
}

/** `sample.rows`, 2 → `{"sample": {"rows": 2}}` */
function configOf(setting: string, value: unknown): object {
  const [section = "", ...keys] = setting.split(".");
  const others = section === "manifest" ? { settleMs: 10 } : {};
  if (keys.length === 0) return { [section]: value };
  return { [section]: { ...others, ...configOf(keys.join("."), value) } };
}

const settings = settingsIn(z.toJSONSchema(configSchema, { io: "input" })).filter(
  (setting) => !/^(prefix|state|database|mask)$/.test(setting),
);

test.each(settings)(
  "%s changed and changed back: nothing is read or sampled again",
  async (setting) => {
    expect(Object.keys(others), `another value for ${setting}, to be named above`).toContain(
      setting,
    );
    await using world = await createWorld();
    await fill(world);
    const sampled = async () =>
      (await world.receipts()).filter(({ outcome }) => outcome !== "pruned").length;
    const before = await sampled();
    const nothing = { sampled: 0, failed: 0, readBytes: 0 };

    await world.configure(configOf(setting, others[setting]));
    expect((await world.pass()).summary).toMatchObject({ ...nothing, lines: 0 });
    await announceAgain(world);
    const changed = (await world.pass()).summary;
    expect(changed).toMatchObject(nothing);
    expect(changed.unchanged + changed.superseded).toBe(changed.lines);

    await world.configure({});
    await announceAgain(world);
    const back = (await world.pass()).summary;
    expect(back).toMatchObject(nothing);
    expect(back.unchanged + back.superseded).toBe(back.lines);
    expect(changed.lines + back.lines).toBe(2 * raws.length);
    expect(await sampled()).toBe(before);
  },
);

test("a lake that was moved as a whole goes on where it was: an entry is its dataset and its raw", async () => {
  await using world = await createWorld();
  await fill(world);
  const before = (await world.receipts()).length;
  world.close();
  const moved = join(world.root, "moved");
  await rename(world.prefix, moved);
  const ran = await world.run(["run", "--once", "--json", "--prefix", moved]);
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(ran.stdout)).toMatchObject({ lines: 0, sampled: 0, failed: 0 });
  await rename(moved, world.prefix);
  await announceAgain(world);
  expect((await world.pass()).summary).toMatchObject({ unchanged: raws.length, sampled: 0 });
  expect(await world.receipts()).toHaveLength(before);
});

test("another state directory begins with the receipts: what was sampled is not sampled again", async () => {
  await using world = await createWorld();
  await fill(world);
  const before = await world.snapshot(world.path("samples"));
  await world.configure({ state: join(world.root, "elsewhere") });
  const { summary, outcomes } = await world.pass();
  expect(summary).toMatchObject({ unchanged: raws.length, sampled: 0 });
  // A failure has no sample to go by: its line is due.
  expect(outcomes).toEqual({ "raw/broken.parquet": "FORMAT_INVALID" });
  const after = await world.snapshot(world.path("samples"));
  for (const [name, seen] of before) {
    if (!name.startsWith("_receipts") && name !== "") expect(after.get(name)).toEqual(seen);
  }
});

test("a setting that changed holds for the next version of a file", async () => {
  await using world = await createWorld();
  await fill(world);
  await world.configure({ sample: { rows: 2 } });
  await world.announce("2026/a.csv", { mtime: MTIME + 1 });
  expect((await world.pass()).summary).toMatchObject({ sampled: 1 });
  expect(String(await world.sample("a_sample.csv"))).toBe(rows(2));
});
