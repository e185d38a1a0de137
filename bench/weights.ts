import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ofUnit } from "./built.ts";

/** A control group of one process and what it starts, beside others below the same one. */
export interface Group {
  /** Puts a process into it. @throws errno */
  add(pid: number): void;
  /** The weights in it, as the kernel tells them back; empty where it may not be made. */
  readonly inForce: readonly string[];
  [Symbol.dispose](): void;
}

const IO_CLASSES = ["none", "realtime", "best-effort", "idle"];
/** The kernel's weight of a group that nobody weighs; the unit's weights show beside it. */
const USUAL = 100;

/** Places of groups with weights: version 2, and version 1 with the numbers systemd gives it. */
const WEIGHTS = [
  { below: "/sys/fs/cgroup", file: "cpu.weight", key: "CPUWeight", unit: 1 },
  { below: "/sys/fs/cgroup", file: "io.weight", key: "IOWeight", unit: 1 },
  { below: "/sys/fs/cgroup/cpu", file: "cpu.shares", key: "CPUWeight", unit: 1024 / USUAL },
  { below: "/sys/fs/cgroup/blkio", file: "blkio.bfq.weight", key: "IOWeight", unit: 1 },
];

/** The words before a command that make it as nice as the unit says. */
export function nicely(): readonly string[] {
  const ioClass = String(IO_CLASSES.indexOf(ofUnit("IOSchedulingClass")));
  const io = ["ionice", "-c", ioClass, "-n", ofUnit("IOSchedulingPriority")];
  return [...(has("nice") ? ["nice", "-n", ofUnit("Nice")] : []), ...(has("ionice") ? io : [])];
}

/** Makes a group with the unit's weights, or with the usual ones. Root may, where it is not in use. */
export function makeGroup(name: string, weights: "unit" | "usual"): Group {
  const made = new Set<string>();
  const inForce: string[] = [];
  for (const { below, file, key, unit } of WEIGHTS) {
    const directory = join(below, `${name}-${process.pid}`);
    if (!made.has(directory) && !make(below, directory)) continue;
    made.add(directory);
    if (!existsSync(join(directory, file))) continue;
    const weight = weights === "unit" ? Number(ofUnit(key)) : USUAL;
    writeFileSync(join(directory, file), String(Math.round(weight * unit)));
    inForce.push(`${file} ${readFileSync(join(directory, file), "utf8").trim()}`);
  }
  return {
    inForce,
    add(pid) {
      for (const directory of made) writeFileSync(join(directory, "cgroup.procs"), String(pid));
    },
    [Symbol.dispose]() {
      for (const directory of made) rmdirSync(directory);
    },
  };
}

/** The niceness of a process, as the kernel tells it. */
export function nicenessOf(pid: number): string {
  const io = has("ionice") ? spawnSync("ionice", ["-p", String(pid)], { encoding: "utf8" }) : null;
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const nice = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16];
  return `nice ${nice}, ionice ${io?.stdout.trim() ?? "unknown"}`;
}

/**
 * The I/O scheduler of the disk that a path is on. Only bfq knows priorities within a class and
 * weights; mq-deadline knows classes, none nothing.
 */
export function ioSchedulerOf(path: string): string {
  const { dev } = statSync(path);
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
  const disk = `/sys/dev/block/${major}:${minor}`;
  const file = ["queue/scheduler", "../queue/scheduler"]
    .map((each) => join(disk, each))
    .find((each) => existsSync(each));
  if (file === undefined) return "unknown";
  return /\[(.+)\]/.exec(readFileSync(file, "utf8"))?.[1] ?? "none";
}

function make(below: string, directory: string): boolean {
  if (!existsSync(join(below, "cgroup.procs"))) return false;
  try {
    mkdirSync(directory);
    return true;
  } catch {
    return false;
  }
}

function has(program: string): boolean {
  return spawnSync(program, ["--version"]).error === undefined;
}
