import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../src/config/load.ts";
import type { Settings } from "../src/config/settings.ts";
import { type Searchable, searchLake } from "../src/inspect/search/search.ts";
import type { PassSummary } from "../src/store/types.ts";
import { openSearchIndexToRead, openStoreToRead } from "../src/store/open.ts";
import { readView } from "../src/view/view.ts";
import { ground, groundInMemory, median, print, runProgram } from "./pairs.ts";
import { announce, makeDataset } from "./small-lake.ts";

const FILES = Number(process.env["SEARCH_FILES"] ?? 100_000);
const DATASETS = 50;
const ROWS = 100;
/** Bytes that a file takes with its sample, its receipt and its rows in databases, about. */
const FILE_BYTES = 40_000;
/** Until the first result, and of the index to the samples. */
const MAX_MS = 200;
const MAX_SHARE = 0.15;
const ROUNDS = 5;
/** Words by what they find: common ones, rare ones, a phrase, a path, a column. */
const SEARCHES: readonly (readonly [Searchable, string])[] = [
  ["values", "city17"],
  ["values", "u4711"],
  ["values", "carol 123"],
  ["files", `f${FILES / DATASETS - 1}.csv`],
  ["columns", "email"],
];

/** The index of a search over many samples: what it takes, and how soon it finds something. */
export async function bench(): Promise<boolean> {
  using place = groundInMemory(FILES * FILE_BYTES) ?? ground();
  const prefix = place.path;
  const settings = loadConfig({ prefix, env: {} });
  fill(prefix);
  const { out } = runProgram(["run", "--once", "--json", "--prefix", prefix]);
  const { bytes } = JSON.parse(out) as PassSummary;
  const { cpuUs } = runProgram(["search", "--index", "--prefix", prefix]);
  const share = statSync(join(settings.state, "search.db")).size / bytes;
  const isSmall = share <= MAX_SHARE;
  print(
    `index of ${FILES} samples: ${(cpuUs / FILES).toFixed(0)} µs of processor time each, ${(100 * share).toFixed(1)} % of their size, wanted ≤ ${100 * MAX_SHARE} %: ${said(isSmall)}`,
  );
  let isFast = true;
  for (const [within, text] of SEARCHES) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1)
      times.push(await firstMs(settings, within, text));
    const ms = median(times);
    isFast &&= ms <= MAX_MS;
    print(
      `${within}, ${text}: first result after ${ms.toFixed(0)} ms, wanted ≤ ${MAX_MS} ms: ${said(ms <= MAX_MS)}`,
    );
  }
  return isSmall && isFast;
}

/** Files that differ in every row. */
function fill(prefix: string): void {
  const names = ["alice", "bob", "carol", "dave", "erin"];
  let state = 1;
  const next = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0);
  for (let d = 0; d < DATASETS; d += 1) {
    const dataset = makeDataset(prefix, `vendor${d % 5}/set${d}/v1`);
    for (let f = 0; f < FILES / DATASETS; f += 1) {
      let text = "id,name,email,amount,day,city,note,flag,score,ref\n";
      for (let r = 0; r < ROWS; r += 1) {
        const x = next() >>> 2;
        const cells = [x, `${names[r % 5]} ${x % 977}`, `u${x % 100_000}@example.com`, x / 100];
        cells.push(`2026-0${1 + (x % 9)}-1${x % 9}`, `City${x % 50}`, `some note ${x % 300}`);
        text += `${cells.join(",")},${x % 2 === 0},${(x % 1000) / 1000},${x.toString(16)}\n`;
      }
      writeFileSync(join(dataset, `bronze/f${f}.csv`), text);
    }
    announce(dataset, 0, FILES / DATASETS);
  }
}

async function firstMs(settings: Settings, within: Searchable, text: string): Promise<number> {
  const began = performance.now();
  const store = await openStoreToRead(settings);
  const index = openSearchIndexToRead(settings.state);
  try {
    let ms: number | undefined;
    await searchLake(
      {
        settings,
        store,
        index,
        text,
        datasets: await store.queries.datasets(),
        within: [within],
        limit: 1,
        view: readView,
        isOver: () => false,
      },
      () => void (ms = performance.now() - began),
    );
    if (ms === undefined) throw new Error(`nothing has ${text}`);
    return ms;
  } finally {
    await index?.close();
    await store.close();
  }
}

function said(reached: boolean): string {
  return reached ? "reached" : "MISSED";
}
