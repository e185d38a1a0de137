import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Daemon } from "./daemon.ts";
import type { Random } from "./random.ts";
import type { Tally } from "./tally.ts";

/** Options of troubling the daemon. */
export interface Troubling {
  readonly daemon: Daemon;
  readonly random: Random;
  readonly tally: Tally;
  readonly prefix: string;
  readonly config: string;
  /** Looks at what a kill has left. */
  readonly checkKilled: () => Promise<void>;
}

/**
 * Kills, stops or reloads the daemon once, and has it running again; often it is killed once more
 * while it does what the first kill left.
 */
export async function trouble(troubling: Troubling): Promise<void> {
  const { daemon, random, tally, config, prefix } = troubling;
  const choice = random.part();
  if (choice < 0.2) {
    writeConfig(config, prefix, 1 + random.below(3));
    // A signal before its handlers are there would end it.
    if (!daemon.isReady()) return;
    daemon.signal("SIGHUP");
    tally.reloads += 1;
    return;
  }
  await interrupt(choice < 0.9 ? "SIGKILL" : "SIGTERM", troubling);
  while (random.chance(0.4)) {
    await sleep(200 + random.below(1000));
    await interrupt("SIGKILL", troubling);
  }
}

async function interrupt(signal: "SIGKILL" | "SIGTERM", troubling: Troubling): Promise<void> {
  const { daemon, random, tally, prefix, checkKilled } = troubling;
  tally[signal === "SIGKILL" ? "kills" : "stops"] += 1;
  if (!(await daemon.end(signal))) tally.ended += 1;
  if (signal === "SIGKILL") await checkKilled();
  // Not after a kill: what was published then, and stands in no receipt, nobody knows of any more.
  if (signal === "SIGTERM" && random.chance(0.3)) removeCache(prefix, tally);
  await sleep(random.chance(0.1) ? random.below(4000) : random.below(200));
  daemon.start();
}

/** Writes a configuration that differs in how many threads there are; nobody reads half of it. */
export function writeConfig(path: string, prefix: string, threads: number): void {
  writeFileSync(`${path}.new`, JSON.stringify({ prefix, drain: { threads } }));
  renameSync(`${path}.new`, path);
}

function removeCache(prefix: string, tally: Tally): void {
  for (const suffix of ["", "-wal", "-shm"]) {
    rmSync(join(prefix, `.staging-sampler/cache.db${suffix}`), { force: true });
  }
  tally.cacheRemovals += 1;
}
