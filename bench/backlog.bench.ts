import { join } from "node:path";
import type { PassSummary } from "../src/store/types.ts";
import { compare, flush, ground, median, print, runProgram } from "./pairs.ts";
import {
  bareLoop,
  type Bodies,
  CSV_BYTES,
  makeLake,
  makePool,
  mixedBodies,
} from "./small-files.ts";
import { csvOf } from "./small-lake.ts";

const FILES = Number(process.env["BACKLOG_FILES"] ?? 100_000);
/** Of each format, where they are mixed. */
const MIXED_FILES = FILES / 5;
const DATASETS = 10;
const MOST_MB = 200;

/**
 * A backlog of small files in one `run --once`, the cache empty and everything promised kept, beside
 * one thread that opens, reads 64 KiB, writes and renames, and does nothing else.
 */
export async function bench(): Promise<boolean> {
  using place = ground();
  const csv = { csv: csvOf(CSV_BYTES) };
  const mixed = await mixedBodies(place.path);
  const isCsvFast = await backlog(place.path, "CSV", { files: FILES, bodies: csv, atLeast: 0.6 });
  const isMixedFast = await backlog(place.path, "mixed", {
    files: MIXED_FILES,
    bodies: mixed,
    atLeast: 0.5,
  });
  return isCsvFast && isMixedFast;
}

async function backlog(
  root: string,
  name: string,
  { files, bodies, atLeast }: { files: number; bodies: Bodies; atLeast: number },
): Promise<boolean> {
  const resident: number[] = [];
  /** Processor time of a file, µs: ours and the loop's. */
  const ourUs: number[] = [];
  const loopUs: number[] = [];
  const lake = { files, datasets: DATASETS, bodies, pool: join(root, `${name}-pool`) };
  makePool(lake.pool, bodies);
  const total = files * Object.keys(bodies).length;
  const reached = await compare({
    name: `backlog of ${total} ${name} files in ${DATASETS} datasets`,
    unit: "files/s",
    atLeast,
    reference(round) {
      const directories = makeLake(join(root, `${name}-bare-${round}`), lake);
      flush();
      const before = process.cpuUsage();
      const rate = bareLoop(directories);
      const { user, system } = process.cpuUsage(before);
      loopUs.push((user + system) / total);
      return rate;
    },
    ours(round) {
      const prefix = join(root, `${name}-ours-${round}`);
      makeLake(prefix, lake);
      flush();
      const { out, rss, cpuUs } = runProgram(["run", "--once", "--json", "--prefix", prefix]);
      const { sampled, ms } = JSON.parse(out) as PassSummary;
      if (sampled !== total) throw new Error(`${sampled} of ${total} were sampled`);
      resident.push(rss);
      ourUs.push(cpuUs / total);
      return total / (ms / 1000);
    },
  });
  print(
    `processor time of a file, user and system of all threads: median ${median(ourUs).toFixed(0)} µs, the loop's ${median(loopUs).toFixed(0)} µs`,
  );
  const rss = median(resident) / 1e6;
  print(`resident memory: median ${rss.toFixed(0)} MB, wanted ≤ ${MOST_MB}`);
  return reached && rss <= MOST_MB;
}
