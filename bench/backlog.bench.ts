import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { PassSummary } from "../src/summary.ts";
import { compare, ground, median, print, runProgram } from "./pairs.ts";

const FILES = 20_000;
const FILE_BYTES = 16_000;
const READ_BYTES = 64 * 1024;
const GOAL_FILES_PER_S = 2_500;

/**
 * A backlog of small CSV files in one `run --once`, beside a bare synchronous loop that opens,
 * reads 64 KiB, writes and renames: no parsing, no cache, no receipts, no safety.
 */
export async function bench(): Promise<boolean> {
  using place = ground();
  const resident: number[] = [];
  const rates: number[] = [];
  const reached = await compare({
    name: `backlog of ${FILES} CSV files of ${FILE_BYTES} bytes`,
    unit: "files/s",
    atLeast: 0.25,
    reference(round) {
      const lake = makeLake(join(place.path, `bare-${round}`));
      const started = performance.now();
      bareLoop(join(lake, "bronze"), join(lake, "samples"));
      return FILES / seconds(started);
    },
    ours(round) {
      const prefix = join(place.path, `ours-${round}`);
      makeLake(prefix);
      const { out, rss } = runProgram(["run", "--once", "--json", "--prefix", prefix]);
      const { sampled, ms } = JSON.parse(out) as PassSummary;
      if (sampled !== FILES) throw new Error(`${sampled} of ${FILES} were sampled`);
      resident.push(rss);
      rates.push(FILES / (ms / 1000));
      return FILES / (ms / 1000);
    },
  });
  const rss = median(resident) / 1e6;
  print(`resident memory: median ${rss.toFixed(0)} MB, wanted ≤ 200`);
  print(
    `rate: median ${Math.round(median(rates))} files/s, wanted ≥ ${GOAL_FILES_PER_S} on a quiet machine`,
  );
  return reached && rss <= 200;
}

/** Makes one dataset with its manifest; returns its directory. */
function makeLake(prefix: string): string {
  const lake = join(prefix, "acme/orders/v1");
  for (const folder of ["bronze", "manifests", "samples"])
    mkdirSync(join(lake, folder), { recursive: true });
  const rows = Array.from(
    { length: 500 },
    (_, i) => `${i},name ${i},2026-01-18T14:30:00Z,${i * 1.5}\n`,
  );
  const body = `id,name,at,value\n${rows.join("")}`.slice(0, FILE_BYTES);
  const lines: string[] = [];
  for (let i = 0; i < FILES; i += 1) {
    writeFileSync(join(lake, `bronze/f${i}.csv`), body);
    lines.push(
      JSON.stringify({ raw: `raw/f${i}.csv`, bronze: `bronze/f${i}.csv`, mtime: 1737200000 + i }),
    );
  }
  writeFileSync(join(lake, "manifests/processed.jsonl"), `${lines.join("\n")}\n`);
  return lake;
}

function bareLoop(from: string, to: string): void {
  const buffer = Buffer.alloc(READ_BYTES);
  for (const name of readdirSync(from)) {
    const input = openSync(join(from, name), "r");
    const length = readSync(input, buffer);
    closeSync(input);
    const temporary = join(to, `.${name}.tmp`);
    const output = openSync(temporary, "w");
    writeSync(output, buffer, 0, length);
    closeSync(output);
    renameSync(temporary, join(to, name));
  }
}

function seconds(started: number): number {
  return (performance.now() - started) / 1000;
}
