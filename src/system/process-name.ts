import { readlinkSync } from "node:fs";
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

/** True where a process is known to run; one of another machine or container never is. */
export function isAtWork({ pid, boot }: ProcessName): boolean {
  return boot !== undefined && boot === ownBoot() && isRunning(pid);
}

function ownBoot(): string | undefined {
  const boot = bootIdOf();
  if (boot === undefined) return undefined;
  try {
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    // Where the namespace is hidden, nobody of another one can be told apart.
    return undefined;
  }
}
