import { readFileSync, readlinkSync } from "node:fs";
import { bootIdOf } from "./boot-id.ts";
import { isRunning } from "./is-running.ts";

/** A process, as far as others can tell whether it is still there. */
export interface ProcessName {
  readonly pid: number;
  /** Boot of the machine and pid namespace that the number is of; undefined where they cannot be read. */
  readonly boot: string | undefined;
}

/** The name of this process. */
export function ownName(): ProcessName {
  return { pid: process.pid, boot: ownBoot() };
}

/** True where a process is known to have ended; one of another machine or container never is. */
export function isGone({ pid, boot }: ProcessName): boolean {
  return boot !== undefined && boot === ownBoot() && !isRunning(pid);
}

/**
 * True where a process is known to run since some time, ms since epoch; one of another machine or
 * container never is, nor one that got the number of another later.
 */
export function isAtWork({ pid, boot }: ProcessName, since: number): boolean {
  if (boot === undefined || boot !== ownBoot() || !isRunning(pid)) return false;
  const began = beganAt(pid);
  return began !== undefined && began <= since + CLOCK_MS;
}

/** Clocks of the kernel and of the day differ by less, ms. */
const CLOCK_MS = 1000;
/** Ticks of `/proc/<pid>/stat` have this length on all Linux, ms. */
const TICK_MS = 10;

/** The time at which a process began, ms since epoch; undefined where that cannot be read. */
function beganAt(pid: number): number | undefined {
  try {
    const [, fields = ""] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "latin1")) ?? [];
    // Its state is the first of them, and field 3 of the file; its start is field 22.
    const ticks = Number(fields.split(" ")[19]);
    const [upS] = readFileSync("/proc/uptime", "latin1").split(" ").map(Number);
    return Date.now() - Number(upS) * 1000 + ticks * TICK_MS;
  } catch {
    return undefined;
  }
}

let own: { readonly boot: string | undefined } | undefined;

/** It stays the same for as long as this process runs. */
function ownBoot(): string | undefined {
  own ??= { boot: readBoot() };
  return own.boot;
}

function readBoot(): string | undefined {
  const boot = bootIdOf();
  if (boot === undefined) return undefined;
  try {
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    // Where the namespace is hidden, nobody of another one can be told apart.
    return undefined;
  }
}
