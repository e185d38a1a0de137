import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { forEach } from "../src/lib/for-each.ts";
import { newId } from "../src/regions/document.ts";
import { openStaging } from "../src/store/open.ts";
import { stagingDocument } from "../test/regions/staging-document.ts";
import { startTwoRegions, type TwoRegions } from "../test/regions/two-regions.ts";
import { median, print, runProgram } from "./pairs.ts";

const STAGINGS = 10_000;
const ROUNDS = 5;
const AT_ONCE = 32;
const MAX_MS = 1000;
const MAX_RSS = 150e6;
const MB = 1e6;
const DAY_MS = 86_400_000;

/** List and info of ten thousand stagings in two regions of one Ceph: time and memory. */
export async function bench(): Promise<boolean> {
  await using here = await startTwoRegions();
  const { regions, ...config } = JSON.parse(await readFile(here.config, "utf8"));
  const both = { east: regions.east, west: regions.west };
  await writeFile(configIn(here.root), JSON.stringify({ ...config, regions: both }));
  const ids = Array.from({ length: STAGINGS }, newId);
  await forEach(ids, AT_ONCE, (id) => put(here, id));
  const [id = ""] = ids;
  const list = () => run(here, "list");
  print(textOf("the first list, which reads 20,000 documents", list()));
  const changed: Measured[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    await here.change(here.west, id, { sweep_id: `round-${i}` });
    await outdated(here);
    changed.push(run(here, "list", "--sweep-id", `round-${i}`));
  }
  print(textOf("list once it is old, and one document changed", middle(changed)));
  list();
  return [
    judged("list, read a moment ago", middle(Array.from({ length: ROUNDS }, list))),
    judged("info", middle(Array.from({ length: ROUNDS }, () => run(here, "info", id)))),
  ].every(Boolean);
}

/** Puts what an upload of a small file leaves in both regions. */
async function put({ east, west }: TwoRegions, id: string): Promise<void> {
  const now = Date.now();
  const uploaded_at = new Date(now).toISOString();
  const expires_at = new Date(now + 7 * DAY_MS).toISOString();
  for (const [region, bucket] of Object.entries({ east, west })) {
    const document = stagingDocument({ staging_id: id, region, completed_at: uploaded_at });
    await bucket.put(`${id}/a`, "x");
    await bucket.put(`${id}/_files.jsonl`, "x");
    await bucket.put(
      `${id}/_staging.json`,
      JSON.stringify({ ...document, uploaded_at, expires_at }),
    );
  }
}

/** The configuration without the region that has no bucket. */
function configIn(root: string): string {
  return join(root, "both.json");
}

/** Has the next list read the buckets. */
async function outdated({ root }: TwoRegions): Promise<void> {
  const store = openStaging(join(root, "state"));
  await store.documents.outdate(["east", "west"]);
  await store.close();
}

interface Measured {
  readonly ms: number;
  readonly rss: number;
}

function run({ root }: TwoRegions, ...args: readonly string[]): Measured {
  const begun = performance.now();
  const { rss } = runProgram(["stage", ...args, "--config", configIn(root)]);
  return { ms: performance.now() - begun, rss };
}

function middle(all: readonly Measured[]): Measured {
  return { ms: median(all.map(({ ms }) => ms)), rss: median(all.map(({ rss }) => rss)) };
}

function textOf(name: string, { ms, rss }: Measured): string {
  return `${name}: ${ms.toFixed(0)} ms, ${(rss / MB).toFixed(0)} MB`;
}

function judged(name: string, measured: Measured): boolean {
  const isFine = measured.ms <= MAX_MS && measured.rss <= MAX_RSS;
  const wanted = `wanted ≤ ${MAX_MS} ms and ≤ ${MAX_RSS / MB} MB`;
  print(
    `${textOf(name, measured)} (median of ${ROUNDS}), ${wanted}: ${isFine ? "reached" : "MISSED"}`,
  );
  return isFine;
}
