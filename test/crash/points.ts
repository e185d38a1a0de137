import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Lake } from "./lake.ts";

/** A system call of the running program, at which it is killed: the n-th of its kind in a thread. */
export interface Point {
  readonly call: string;
  readonly n: number;
}

/** Calls that change something on disk. */
const calls = [
  "write",
  "pwrite64",
  "rename",
  "renameat",
  "unlink",
  "ftruncate",
  "fsync",
  "fdatasync",
  "mkdir",
] as const;

/** All threads, quietly. */
const STRACE = ["strace", "-f", "-qq"] as const;
/** Other calls run at full speed. Not where a signal is injected: that does not happen then. */
const FAST = "--seccomp-bpf";

/** The reason why points cannot be found here, or undefined. */
export function whyNoStrace(): string | undefined {
  const [strace, ...flags] = STRACE;
  const tried = spawnSync(strace, [...flags, FAST, "-e", "trace=write", "-o", "/dev/null", "true"]);
  if (tried.error !== undefined) return "strace is not installed";
  return tried.status === 0 ? undefined : `strace cannot trace: ${tried.stderr.toString().trim()}`;
}

/**
 * Every point of one pass over the lake, from a trace of it, which takes place. Calls are counted
 * in each thread.
 */
export function pointsOf(lake: Lake): readonly Point[] {
  const log = join(lake.directory, "trace");
  lake.run([...STRACE, FAST, "-e", `trace=${calls.join(",")}`, "-o", log]);
  const counts = new Map<string, number>();
  for (const line of readFileSync(log, "latin1").split("\n")) {
    const found = /^(\d+) +(\w+)\(/.exec(line);
    if (found === null) continue;
    const key = `${found[1]} ${found[2]}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return calls.flatMap((call) => {
    const most = Math.max(
      0,
      ...[...counts].filter(([key]) => key.endsWith(` ${call}`)).map(([, count]) => count),
    );
    return Array.from({ length: most }, (_, i) => ({ call, n: i + 1 }));
  });
}

/** Runs one pass and kills the program at a point. True when that was reached. */
export function killAt(lake: Lake, { call, n }: Point): boolean {
  const inject = `inject=${call}:signal=SIGKILL:when=${n}`;
  const { signal, status } = lake.run([
    ...STRACE,
    "-e",
    `trace=${call}`,
    "-e",
    inject,
    "-o",
    "/dev/null",
  ]);
  return signal === "SIGKILL" || status === 137;
}
