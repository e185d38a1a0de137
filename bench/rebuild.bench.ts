import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { PassSummary } from "../src/store/types.ts";
import { compare, ground, median, print, runProgram } from "./pairs.ts";

const DATASETS = 10;
/** Receipts in all, each with its manifest line. */
const ROWS = Number(process.env["REBUILD_ROWS"] ?? 1_000_000);
const ROWS_EACH = ROWS / DATASETS;
const LINES_AT_ONCE = 1000;
/** ext4 has up to 65,000 names for one file. */
const NAMES_OF_ONE = 50_000;
const SAMPLE_BYTES = 5210;
const MAX_RSS = 200e6;

/**
 * A lost cache: `run --once` until everything is known again and unchanged, beside a bare loop that
 * parses the same receipts and manifest lines. After its pass the run looks at every sample that
 * only receipts speak of: the time of the whole process says what that costs.
 */
export async function bench(): Promise<boolean> {
  using place = ground();
  makeLake(place.path);
  const peaks: number[] = [];
  const whole: number[] = [];
  const reached = await compare({
    name: `rebuild of ${ROWS} rows`,
    unit: "rows/s",
    atLeast: 0.03,
    rounds: 1,
    reference: () => parseLoop(place.path),
    ours() {
      rmSync(join(place.path, ".staging-sampler"), { recursive: true, force: true });
      const started = performance.now();
      const { summary, peak } = rebuildOnce(place.path);
      whole.push((performance.now() - started) / 1000);
      peaks.push(peak);
      return ROWS / (summary.ms / 1000);
    },
  });
  const peak = Math.max(...peaks) / 1e6;
  print(`resident at most: ${peak.toFixed(0)} MB, wanted ≤ ${MAX_RSS / 1e6}`);
  print(`whole process, syncing included: ${median(whole).toFixed(1)} s`);
  return reached && peak * 1e6 <= MAX_RSS;
}

function makeLake(prefix: string): void {
  for (let dataset = 0; dataset < DATASETS; dataset += 1) {
    const directory = directoryOf(prefix, dataset);
    for (const folder of ["bronze", "manifests", "samples"])
      mkdirSync(join(directory, folder), { recursive: true });
    writeLines(join(directory, "manifests/processed.jsonl"), (i) => entryOf(i));
    writeLines(join(directory, "samples/_receipts.jsonl"), (i) => ({
      ...entryOf(i),
      outcome: "sampled",
      sample: `samples/part-${i}_sample.csv`,
      format: "csv",
      recognisedBy: "name",
      rows: 100,
      complete: false,
      cut: "rows",
      warnings: [],
      bytes: SAMPLE_BYTES,
      readBytes: 65536,
      sourceSize: 1_099_511_627_776,
      ms: 1.9,
      at: new Date(1_768_746_607_123 + i).toISOString(),
      sampler: "1.0.0",
    }));
    linkSamples(join(directory, "samples"));
  }
}

/** Samples that share their inodes: as many names to look up and open, in a fraction of the time. */
function linkSamples(samples: string): void {
  for (let i = 0; i < ROWS_EACH; i += 1) {
    const path = join(samples, `part-${i}_sample.csv`);
    const first = i - (i % NAMES_OF_ONE);
    if (i === first) writeFileSync(path, "x".repeat(SAMPLE_BYTES));
    else linkSync(join(samples, `part-${first}_sample.csv`), path);
  }
}

function directoryOf(prefix: string, dataset: number): string {
  return join(prefix, `acme/orders-${dataset}/v1`);
}

function entryOf(i: number): object {
  const bronze = `bronze/2026/01/18/143000--part-${i}.csv`;
  return { raw: `raw/env0/part-${i}.csv`, bronze, mtime: 1_737_200_000 + i / 8 };
}

function writeLines(path: string, line: (i: number) => object): void {
  const fd = openSync(path, "w");
  for (let from = 0; from < ROWS_EACH; from += LINES_AT_ONCE) {
    const count = Math.min(LINES_AT_ONCE, ROWS_EACH - from);
    const lines = Array.from({ length: count }, (_, i) => `${JSON.stringify(line(from + i))}\n`);
    writeSync(fd, lines.join(""));
  }
  closeSync(fd);
}

function rebuildOnce(prefix: string): { readonly summary: PassSummary; readonly peak: number } {
  const { out, rss } = runProgram(["run", "--once", "--json", "--prefix", prefix]);
  const summary = JSON.parse(out) as PassSummary;
  const { unchanged, sampled } = summary;
  if (unchanged !== ROWS || sampled !== 0) throw new Error(`${unchanged} unchanged, ${sampled}`);
  return { summary, peak: rss };
}

/** Parses every receipt and every manifest line; returns rows per second, with the reading. */
function parseLoop(prefix: string): number {
  const started = performance.now();
  let parsed = 0;
  for (let dataset = 0; dataset < DATASETS; dataset += 1) {
    for (const path of ["samples/_receipts.jsonl", "manifests/processed.jsonl"]) {
      const text = readFileSync(join(directoryOf(prefix, dataset), path), "utf8");
      for (const line of text.split("\n"))
        if (line !== "" && (JSON.parse(line) as { mtime: number }).mtime > 0) parsed += 1;
    }
  }
  if (parsed !== 2 * ROWS) throw new Error(`${parsed} lines parsed`);
  return ROWS / ((performance.now() - started) / 1000);
}
