import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hasCache } from "../src/store/sqlite/cache-files.ts";
import { openCacheToRead } from "../src/store/sqlite/open.ts";
import { ENVIRONMENT, PROGRAM } from "./built.ts";

/** A daemon of the built program. */
export interface MeasuredDaemon {
  readonly pid: number;
  /** Waits until this many files were sampled in all, those of earlier processes too. */
  hasSampled(files: number): Promise<void>;
  /** Waits until every sample is on stable storage, after which it has nothing left to do. */
  hasSynced(): Promise<void>;
  /** Ends it. @throws Error when it does not end well */
  stop(): Promise<void>;
}

const LOOK_MS = 100;
const FAILED = "SELECT coalesce(sum(n), 0) FROM counts WHERE what = 'failed'";
const SAMPLED = "SELECT coalesce(sum(n), 0) FROM counts WHERE what = 'sampled'";
const UNSYNCED = "SELECT count(*) FROM unsynced";

/** Number of a lake's files that were sampled so far, by the cache. */
export function sampledIn(prefix: string): number {
  const state = join(prefix, ".staging-sampler");
  if (!hasCache(state)) return 0;
  const db = openCacheToRead(state);
  try {
    return db.prepare(SAMPLED).pluck().get() as number;
  } finally {
    db.close();
  }
}

/** Starts it on a lake, with these settings besides the prefix; only errors are logged. */
export async function startMeasured(
  prefix: string,
  settings: object = {},
): Promise<MeasuredDaemon> {
  const state = join(prefix, ".staging-sampler");
  const config = join(prefix, "config.yaml");
  writeFileSync(config, JSON.stringify({ prefix, log: { level: "error" }, ...settings }));
  const [program = "", ...flags] = PROGRAM;
  const args = [...flags, "run", "--config", config];
  const child = spawn(program, args, { env: ENVIRONMENT, stdio: ["ignore", "inherit", "inherit"] });
  const pid = child.pid as number;
  const killed = () => void child.kill("SIGKILL");
  process.on("exit", killed);
  while (!hasCache(state)) await look();
  const db = openCacheToRead(state);

  return {
    pid,
    async hasSampled(files) {
      while (asked(SAMPLED) < files) await look();
    },
    async hasSynced() {
      while (asked(UNSYNCED) > 0) await look();
    },
    async stop() {
      db.close();
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
      process.off("exit", killed);
      if (child.exitCode !== 0) throw new Error(`the daemon ended with ${child.exitCode}`);
    },
  };

  function asked(question: string): number {
    const failed = db.prepare(FAILED).pluck().get();
    if (failed !== 0) throw new Error(`${String(failed)} files failed`);
    return db.prepare(question).pluck().get() as number;
  }

  async function look(): Promise<void> {
    if (child.exitCode !== null) throw new Error(`the daemon ended with ${child.exitCode}`);
    await sleep(LOOK_MS);
  }
}
