import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { text } from "node:stream/consumers";
import { ENVIRONMENT, PROGRAM } from "./built.ts";
import { type Bench, flush, ground, median, print } from "./pairs.ts";
import { sampledIn } from "./measured-daemon.ts";
import { announce, csvOf, makeDataset, writeFiles } from "./small-lake.ts";
import { type Group, ioSchedulerOf, makeGroup, nicely, nicenessOf } from "./weights.ts";

/** The backlog. It has to last for all rounds. */
const FILES = Number(process.env["BESIDE_FILES"] ?? 100_000);
/** Each leaves some 6 GB on the disk until the end. */
const ROUNDS = Number(process.env["BESIDE_ROUNDS"] ?? 5);
/** Time for which production is measured in each half of a round, s. */
const SECONDS = Number(process.env["BESIDE_SECONDS"] ?? 10);
const FILES_EACH = 10_000;
const MAX_SLOWDOWN = 0.03;
/** Percent of the time that production may wait for its disk before we slow down. */
const MAX_IO = Number(process.env["BESIDE_MAX_IO"] ?? 5);
const production = join(import.meta.dirname, "production.ts");

/** The output of `production.ts`. */
interface Produced {
  readonly filesPerS: number;
  readonly copyMs: number;
  readonly syncMs: number;
}

/**
 * Production, which copies files and syncs each, with `run --once` at a backlog beside it under the
 * unit's weights and `load.maxIo`, and without: how much slower it gets. What either half left to be written is on
 * disk before the next begins.
 */
export const bench: Bench = async () => {
  using place = ground();
  using ours = makeGroup("staging-sampler-bench", "unit");
  using theirs = makeGroup("staging-sampler-bench-production", "usual");
  const [lake, target] = [join(place.path, "lake"), join(place.path, "production")];
  makeBacklog(lake);
  mkdirSync(target);

  const slowdowns: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    // Now the one, now the other first: what changes meanwhile on the machine hits both.
    const isFirst = round % 2 === 0;
    let alone = isFirst ? await halfAlone() : undefined;
    const { beside, drained } = await halfBeside(round === 0);
    alone ??= await halfAlone();
    const slowdown = 1 - beside.filesPerS / alone.filesPerS;
    slowdowns.push(slowdown);
    print(
      `production alone ${said(alone)}; beside us ${said(beside)}: slowdown ${(100 * slowdown).toFixed(1)} %; we sampled ${drained.toFixed(0)} files/s`,
    );
  }
  const middle = median(slowdowns);
  const reached = middle <= MAX_SLOWDOWN;
  print(
    `median slowdown ${(100 * middle).toFixed(1)} % of ${ROUNDS} pairs, wanted ≤ ${100 * MAX_SLOWDOWN} %: ${reached ? "reached" : "MISSED"}`,
  );
  return reached;

  function halfAlone(): Promise<Produced> {
    flush();
    return produce(target, theirs);
  }

  async function halfBeside(tells: boolean): Promise<{ beside: Produced; drained: number }> {
    flush();
    const sampler = await startRun(lake, ours);
    if (tells) tellWeights(sampler, lake, [ours, theirs]);
    const before = sampledIn(lake);
    const beside = await produce(target, theirs);
    const drained = (sampledIn(lake) - before) / SECONDS;
    await stopRun(sampler);
    return { beside, drained };
  }
};

function said({ filesPerS, copyMs, syncMs }: Produced): string {
  return `${filesPerS.toFixed(1)} files/s (${copyMs.toFixed(2)} ms + ${syncMs.toFixed(2)} ms syncing)`;
}

function makeBacklog(prefix: string): void {
  writeFileSync(`${prefix}.yaml`, `load: { maxIo: ${MAX_IO} }\n`);
  const body = csvOf(16_000);
  for (let from = 0; from < FILES; from += FILES_EACH) {
    const dataset = makeDataset(prefix, `acme/orders-${from / FILES_EACH}/v1`);
    const files = Math.min(FILES_EACH, FILES - from);
    writeFiles(dataset, 0, files, body);
    announce(dataset, 0, files);
  }
}

async function produce(target: string, group: Group): Promise<Produced> {
  const args = [production, target, String(SECONDS)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  group.add(child.pid as number);
  const [result] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return JSON.parse(result) as Produced;
}

/** Starts a run; it samples when this resolves. */
async function startRun(prefix: string, group: Group): Promise<ChildProcess> {
  const run = [...PROGRAM, "run", "--once", "--prefix", prefix];
  const [program = "", ...args] = [...nicely(), ...run, "--config", `${prefix}.yaml`];
  const child = spawn(program, args, { env: ENVIRONMENT, stdio: ["ignore", "ignore", "inherit"] });
  group.add(child.pid as number);
  const before = sampledIn(prefix);
  while (child.exitCode === null && sampledIn(prefix) === before) await sleep(100);
  return child;
}

/** @throws Error where it had ended by itself, and production was alone */
async function stopRun(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) throw new Error("the backlog was too short: raise BESIDE_FILES");
  child.kill("SIGTERM");
  await once(child, "exit");
}

function tellWeights(sampler: ChildProcess, lake: string, groups: readonly Group[]): void {
  const [ours = "", theirs = ""] = groups.map(({ inForce }) => inForce.join(", ") || "none");
  print(
    `in force: ${nicenessOf(sampler.pid as number)}; cgroup weights: ours ${ours}, production's ${theirs}; I/O scheduler ${ioSchedulerOf(lake)} (I/O weights and levels count with bfq only)`,
  );
}
