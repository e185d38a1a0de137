import { writeFileSync } from "node:fs";
import { join } from "node:path";
import pino from "pino";
import { closeCache, openCache } from "../src/store/sqlite/open.ts";
import { loadConfig } from "../src/config/load.ts";
import { startServer } from "../src/http/supervisor.ts";
import { noCalls } from "../test/helpers/daemon-state.ts";
import { addManyReceipts, addRows } from "../test/http/page-rows.ts";
import { ground, median, print } from "./pairs.ts";
import { csvOf, makeDataset } from "./small-lake.ts";

const ROWS = 1_000_000;
const DATASETS = 1000;
const ROUNDS = 15;
const DATASET = "acme/orders/v1";
/** The address that is asked for beside each view: an asset that stands in memory. */
const STATIC = "/assets/icon.svg";
/** Until the first byte of any view. */
const MAX_MS = 100;

/**
 * Measures the time of each view over a full cache, beside an answer that costs nothing to make.
 */
export async function bench(): Promise<boolean> {
  using place = ground();
  const prefix = place.path;
  writeFileSync(join(prefix, "config.yaml"), "http: { listen: '127.0.0.1:0' }\n");
  const settings = loadConfig({ prefix, config: join(prefix, "config.yaml"), env: {} });
  const middle = ROWS / 2;
  const raw = `raw/env${middle % 7}/part-${String(middle).padStart(8, "0")}.csv`;
  fill(prefix, settings.state);

  const { promise: listening, resolve } = Promise.withResolvers<string>();
  const log = pino({ level: "info" }, { write: (line) => tell(line, resolve) });
  const liveness = { isIdle: true, progressAt: Date.now() };
  const live = () => ({
    isReady: true,
    liveness,
    passesWait: null,
    passFailure: null,
    turns: null,
    workerRestarts: 0,
    hooks: noCalls,
  });
  const server = startServer({ settings, log, live });
  try {
    const url = await listening;
    const files = `/datasets/${DATASET}`;
    const views = [
      "/",
      "/?name=set-99",
      "/?page=5&sort=name",
      files,
      `${files}?outcome=failed`,
      `${files}?outcome=waiting`,
      `${files}?after=${Date.now() - middle}.0.${raw}`,
      `${files}?search=part-00000001`,
      `${files}?search=nothing-like-it`,
      `/entry?dataset=${DATASET}&raw=${raw}`,
      `/entry?dataset=${DATASET}&raw=${raw}&list=sampled&search=part-00000001`,
      `/sample?dataset=${DATASET}&raw=${raw}`,
      "/failures",
      `/failures?dataset=${DATASET}`,
      "/failures?code=FILE_MISSING",
    ];
    let isFast = true;
    for (const view of views) isFast = (await measure(url, view)) && isFast;
    return isFast;
  } finally {
    await server.close();
  }
}

function fill(prefix: string, state: string): void {
  const { db } = openCache(state);
  const until = Date.now();
  try {
    addRows(db, { dataset: DATASET, count: ROWS, until });
    for (let i = 1; i < DATASETS; i += 1) {
      const dataset = `vendor-${i % 10}/set-${i}/v1`;
      makeDataset(prefix, dataset);
      addRows(db, { dataset, count: 100, until });
    }
  } finally {
    closeCache(db);
  }
  const samples = join(makeDataset(prefix, DATASET), "samples");
  addManyReceipts(samples, { count: ROWS, until });
  const name = `part-${String(ROWS / 2).padStart(8, "0")}_sample.csv`;
  writeFileSync(join(samples, name), csvOf(100_000));
}

function tell(line: string, resolve: (url: string) => void): void {
  const { url } = JSON.parse(line) as { url?: string };
  if (url !== undefined) resolve(url);
}

async function measure(url: string, view: string): Promise<boolean> {
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    theirs.push(await firstByte(url + STATIC));
    ours.push(await firstByte(url + view));
  }
  const [middle, most] = [median(ours), Math.max(...ours)];
  const isFast = middle <= MAX_MS;
  print(
    `page ${view}: first byte after ${middle.toFixed(1)} ms (most ${most.toFixed(1)}), ${(middle / median(theirs)).toFixed(1)} times an asset, wanted ≤ ${MAX_MS} ms: ${isFast ? "reached" : "MISSED"}`,
  );
  return isFast;
}

/** Milliseconds until the head of an answer is there; its body is read as well. */
async function firstByte(url: string): Promise<number> {
  const begun = performance.now();
  const response = await fetch(url);
  const ms = performance.now() - begun;
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return ms;
}
