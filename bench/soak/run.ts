import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createKillCheck } from "./after-kill.ts";
import { createAudit } from "./audit.ts";
import { gather } from "./crowd.ts";
import { createDaemon, type Footprint, footprintOf } from "./daemon.ts";
import { createDataset } from "./lake.ts";
import { randomFrom } from "./random.ts";
import { readyFiles } from "./ready.ts";
import { copyTruncate, tidy } from "./rotation.ts";
import { untilSettled } from "./settled.ts";
import { type Slopes, slopesOf } from "./slope.ts";
import { emptyTally, type Fault, type Tally } from "./tally.ts";
import { writeConfig } from "./trouble.ts";
import { createTurnstile } from "./turnstile.ts";

/** Options of a run. */
export interface SoakOptions {
  /** An empty directory for everything. */
  readonly directory: string;
  readonly seed: number;
  /** Of trouble. */
  readonly stormMs: number;
  /** After that, of traffic without trouble: memory and descriptors are looked at in it. */
  readonly calmMs: number;
  readonly print: (line: string) => void;
}

/** The result of a run. */
export interface Soaked {
  readonly tally: Tally;
  /** Of the daemon in the calm. */
  readonly slopes: Slopes;
  /** Warnings and errors that the daemon logged, by message and code. */
  readonly logged: ReadonlyMap<string, number>;
}

const SHARED = ["acme/orders/v1", "acme/events/v2", "zeta/logs/v1"];
const ALONE = "zeta/halves/v2";
/** From one audit to the next. */
const ROUND_MS = 30_000;
const FOOTPRINT_MS = 1000;
/** Faults that are printed. */
const SHOWN = 50;

/** Lets production and trouble loose on a daemon, and audits what comes of it. @throws Error */
export async function soak(options: SoakOptions): Promise<Soaked> {
  const { directory, seed, print } = options;
  const tally = emptyTally();
  const prefix = join(directory, "lake");
  const config = join(directory, "config.yaml");
  mkdirSync(prefix);
  writeConfig(config, prefix, 2);
  const ready = readyFiles(join(directory, "ready"));
  const shared = SHARED.map((name) => createDataset(prefix, name, "data"));
  const alone = createDataset(prefix, ALONE, "größe");
  const datasets = [...shared, alone];
  const random = randomFrom(seed);
  const daemon = createDaemon(config, join(directory, "daemon.log"));
  const audit = createAudit({ datasets, config, tally, onFault });
  const checkKilled = createKillCheck(datasets, onFault);
  const turnstile = createTurnstile();
  let isStormy = true;
  let shown = 0;
  const crowd = gather({
    turnstile,
    seed,
    tally,
    prefix,
    config,
    shared,
    alone,
    ready,
    daemon,
    checkKilled,
    isStormy: () => isStormy,
  });

  daemon.start();
  await rounds(options.stormMs);
  isStormy = false;
  if (!(await daemon.end("SIGTERM"))) onFault("ended", "not as it should at the end of the storm");
  daemon.start();
  const footprints: Footprint[] = [];
  const watch = setInterval(() => {
    const found = footprintOf(daemon.pid() ?? 0);
    if (found !== undefined) footprints.push(found);
  }, FOOTPRINT_MS);
  await rounds(options.calmMs);
  clearInterval(watch);
  await crowd.end();
  if (!(await daemon.end("SIGTERM"))) onFault("ended", "not as it should at the end");
  await audit(await untilSettled(datasets, config, tally.cacheRemovals > 0));
  return { tally, slopes: slopesOf(footprints), logged: daemon.logged() };

  /** Traffic, then an audit in silence, again and again. */
  async function rounds(ms: number): Promise<void> {
    for (const end = Date.now() + ms; Date.now() < end;) {
      turnstile.open();
      await sleep(Math.min(ROUND_MS, end - Date.now()));
      await turnstile.close();
      crowd.check();
      await crowd.whole();
      if (!daemon.isRunning()) daemon.start();
      await audit(await untilSettled(datasets, config, tally.cacheRemovals > 0));
      const ended = daemon.takeEnded();
      if (ended > 0) onFault("ended", `by itself, ${ended} times`, ended);
      for (const dataset of datasets) await betweenRounds(dataset);
      print(progress(tally));
    }
  }

  /** All was read: what would lose lines otherwise is allowed now, the daemon running or not. */
  async function betweenRounds(dataset: (typeof datasets)[number]): Promise<void> {
    tidy(dataset, random, tally);
    if (!random.chance(0.3)) return;
    const isStopped = isStormy && random.chance(0.5);
    if (isStopped && !(await daemon.end("SIGTERM"))) onFault("ended", "not as it should");
    copyTruncate(dataset, tally);
    if (isStopped) daemon.start();
  }

  function onFault(fault: Fault, what: string, count = 1): void {
    tally[fault] += count;
    shown += 1;
    if (shown <= SHOWN) print(`${fault.toUpperCase()} ${new Date().toISOString()} ${what}`);
  }
}

function progress(tally: Tally): string {
  const { audits, versions, lines, kills, rotations, samplesJudged } = tally;
  return `audit ${audits}: ${versions} versions, ${lines} lines, ${kills} kills, ${rotations} rotations, ${samplesJudged} samples judged`;
}
