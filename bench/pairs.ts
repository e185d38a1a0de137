import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LEAN_FLAGS, LEAN_MALLOC } from "../src/system/memory-flags.ts";
import { ENVIRONMENT, MAIN } from "./built.ts";

/** A benchmark; false when it misses its number. */
export type Bench = () => Promise<boolean>;

/** A comparison. Each function makes its own ground and returns a rate: more is better. */
export interface Comparison {
  readonly name: string;
  readonly unit: string;
  readonly ours: (round: number) => number | Promise<number>;
  readonly reference: (round: number) => number | Promise<number>;
  /** The ratio ours : reference has to reach this. */
  readonly atLeast: number;
  readonly rounds?: number;
}

/** Measures both in turn, prints each pair and the median ratio; false when that is too low. */
export async function compare(comparison: Comparison): Promise<boolean> {
  const { name, unit, ours, reference, atLeast, rounds = 5 } = comparison;
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const theirs = await reference(round);
    const mine = await ours(round);
    ratios.push(mine / theirs);
    print(
      `${name}: ours ${rate(mine)} ${unit}, reference ${rate(theirs)} ${unit}, ratio ${(mine / theirs).toFixed(3)}`,
    );
  }
  const middle = median(ratios);
  const reached = middle >= atLeast;
  print(
    `${name}: median ratio ${middle.toFixed(3)} of ${rounds} pairs, wanted ≥ ${atLeast}: ${reached ? "reached" : "MISSED"}`,
  );
  return reached;
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

/** Prints a line. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/**
 * A directory for one benchmark, removed at its end and not before: ext4 is slow to give out
 * again what was freed a moment ago, which would be measured too.
 */
export function ground(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), "staging-sampler-bench-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** The same in memory, so that the disk is not measured; undefined where there is too little room. */
export function groundInMemory(bytes: number): ReturnType<typeof ground> | undefined {
  const { bavail, bsize } = statfsSync("/dev/shm");
  if (bavail * bsize < bytes) return undefined;
  const path = mkdtempSync("/dev/shm/staging-sampler-bench-");
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

/** Brings to disk what was left to be written, which would be measured too. */
export function flush(): void {
  execFileSync("sync");
}

/** A run of the built program. */
export interface ProgramRun {
  readonly out: string;
  /** Its largest resident memory in bytes. */
  readonly rss: number;
  /** Processor time of all its threads, user and system, µs. */
  readonly cpuUs: number;
}

/** Runs the built program. */
export function runProgram(args: readonly string[]): ProgramRun {
  const probe = join(import.meta.dirname, "rss.js");
  // What `run` gives itself, for commands that do not.
  const flags = args[0] === "run" ? [] : LEAN_FLAGS;
  const command = [...flags, "--import", probe, MAIN, ...args];
  const env = { ...ENVIRONMENT, ...LEAN_MALLOC };
  const done = spawnSync(process.execPath, command, { encoding: "utf8", env });
  if (done.error !== undefined) throw done.error;
  if (done.status !== 0)
    throw new Error(`${args.join(" ")} ended with ${done.status}: ${done.stderr}`);
  const told = (what: string) => Number(new RegExp(`${what} (\\d+)`).exec(done.stderr)?.[1] ?? 0);
  return { out: done.stdout, rss: told("maxrss") * 1024, cpuUs: told("cpu") };
}

function rate(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}
