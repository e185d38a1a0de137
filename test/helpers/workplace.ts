import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endingWithUs } from "./child.ts";

/** A directory, and the processes of a service that work in it. */
export interface Workplace {
  readonly root: string;
  /** Starts one; it ends with this process at the latest. */
  start(program: string, args: readonly string[]): void;
  /** Ends them all, and removes the directory. */
  end(): Promise<void>;
}

/** Now and then a start hangs, and the next one does not. */
const FIRST_TRY_MS = 15_000;
const LAST_TRY_MS = 120_000;

/** Which of some programs are not installed, for people; undefined where all are. */
export function whyWithout(programs: readonly string[]): string | undefined {
  const directories = (process.env["PATH"] ?? "").split(delimiter);
  const isThere = (name: string) => directories.some((each) => existsSync(join(each, name)));
  const missing = programs.filter((name) => !isThere(name));
  return missing.length === 0 ? undefined : `${missing.join(", ")}: not installed`;
}

/** Starts a service in a workplace; where it does not come up, once more in another one. */
export function startService<T>(
  start: (place: Workplace, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const tryFor = async (limitMs: number): Promise<T> => {
    const place = await createWorkplace();
    try {
      return await start(place, AbortSignal.timeout(limitMs));
    } catch (error) {
      await place.end();
      throw error;
    }
  };
  return tryFor(FIRST_TRY_MS).catch(() => tryFor(LAST_TRY_MS));
}

/** Until it is true; what it throws means not yet. @throws the signal's reason */
export async function until(signal: AbortSignal, isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo().catch(() => false))) await sleep(50, undefined, { signal });
}

async function createWorkplace(): Promise<Workplace> {
  const root = await mkdtemp(join(tmpdir(), "sampler-service-"));
  const processes: ChildProcess[] = [];
  return {
    root,
    start(program, args) {
      const [command, all] = endingWithUs(program, args);
      processes.push(spawn(command, all, { stdio: "ignore", cwd: root }));
    },
    async end() {
      for (const child of processes.toReversed()) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }
      await rm(root, { recursive: true, force: true });
    },
  };
}
