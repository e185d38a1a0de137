import { storeIn } from "../src/store/sqlite/store.ts";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { closeCache, openCache } from "../src/store/sqlite/open.ts";
import { loadConfig } from "../src/config/load.ts";
import { createIngest } from "../src/sampling/ingest/ingest.ts";
import { compare, flush, ground } from "./pairs.ts";

const LINES = 1_000_000;
const DATASET = "acme/orders/v1";

/** Taking in manifest lines, new and unchanged ones, beside a bare loop of JSON.parse over them. */
export async function bench(): Promise<boolean> {
  using place = ground();
  const isNewFast = await compare({
    name: `ingest of ${LINES} new lines`,
    unit: "lines/s",
    atLeast: 0.06,
    reference: () => parseLoop(makeManifest(place.path, "reference")),
    ours: (round) => ingestOnce(place.path, `new-${round}`, false),
  });
  const isUnchangedFast = await compare({
    name: `ingest of ${LINES} unchanged lines`,
    unit: "lines/s",
    atLeast: 0.2,
    reference: () => parseLoop(makeManifest(place.path, "reference")),
    ours: (round) => ingestOnce(place.path, `unchanged-${round}`, true),
  });
  return isNewFast && isUnchangedFast;
}

function makeManifest(root: string, name: string): string {
  const directory = join(root, name, DATASET, "manifests");
  mkdirSync(directory, { recursive: true });
  const path = join(directory, "processed.jsonl");
  writeFileSync(path, linesText());
  return path;
}

function linesText(): string {
  const line = (i: number) =>
    JSON.stringify({
      raw: `raw/env0/part-${String(i).padStart(8, "0")}.csv`,
      bronze: `bronze/2026/01/18/143000--part-${String(i).padStart(8, "0")}.csv`,
      mtime: 1737200000 + i / 8,
    });
  return `${Array.from({ length: LINES }, (_, i) => line(i)).join("\n")}\n`;
}

function parseLoop(path: string): number {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, LINES);
  flush();
  const started = performance.now();
  let parsed = 0;
  for (const line of lines) if ((JSON.parse(line) as { mtime: number }).mtime > 0) parsed += 1;
  return parsed / ((performance.now() - started) / 1000);
}

async function ingestOnce(root: string, name: string, isAgain: boolean): Promise<number> {
  const path = makeManifest(root, name);
  const settings = loadConfig({ prefix: join(root, name), env: {} });
  const { db } = openCache(settings.state);
  const ingest = createIngest({
    store: storeIn(db, closeCache).ingest,
    settings,
    onRejected: () => Promise.resolve(),
  });
  if (isAgain) {
    await ingest(DATASET, Date.now());
    db.exec("UPDATE files SET outcome = 'sampled', done_mtime = mtime, next_at = NULL");
    writeFileSync(path, linesText(), { flag: "a" });
  }
  flush();
  const started = performance.now();
  const { lines, due, unchanged } = await ingest(DATASET, Date.now());
  const taken = performance.now() - started;
  if (lines !== LINES || (isAgain ? unchanged : due) !== LINES)
    throw new Error("not all lines were taken in");
  db.close();
  return LINES / (taken / 1000);
}
