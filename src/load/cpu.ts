import { join } from "node:path";
import { type Kernel, limitingGroup, numberIn, readText } from "./cgroup.ts";

/** Processor time up to now, seconds. */
export interface CpuTime {
  /** Time that was available. */
  readonly total: number;
  /** Time that everybody used, including us. */
  readonly used: number;
  /** Time that this process used. */
  readonly ours: number;
}

/** Units of `/proc/stat` in a second (`USER_HZ`), the same on every Linux. */
const TICKS_PER_S = 100;
const US_PER_S = 1e6;

/**
 * The processor time of the control group with a quota that we share with others, else of the
 * machine; undefined where the kernel does not tell. `now` is in ms, of any clock that only goes
 * forwards.
 */
export function cpuTime(kernel: Kernel, now: number): CpuTime | undefined {
  const { user, system } = process.cpuUsage();
  const ours = (user + system) / US_PER_S;
  const group = limitingGroup(kernel, (directory) => processorsOf(directory) !== undefined);
  if (group === undefined) return ofMachine(kernel, ours);
  const used = numberIn(readText(join(group, "cpu.stat")), "usage_usec");
  if (used === undefined) return undefined;
  const total = ((processorsOf(group) as number) * now) / 1000;
  return { total, used: used / US_PER_S, ours };
}

/** Percent of the processor time between two looks that others used. */
export function usedByOthers(before: CpuTime, after: CpuTime): number {
  const total = after.total - before.total;
  const others = after.used - before.used - (after.ours - before.ours);
  return total <= 0 ? 0 : Math.max(0, (100 * others) / total);
}

/** The processors that a group's quota is worth; undefined where it has none. */
function processorsOf(group: string): number | undefined {
  const [quota, period] = (readText(join(group, "cpu.max")) ?? "max").split(" ").map(Number);
  return Number.isNaN(quota) ? undefined : (quota as number) / (period as number);
}

/** Processor time of the machine. Waiting for a disk is not use. */
function ofMachine({ proc }: Kernel, ours: number): CpuTime | undefined {
  const line = /^cpu +(.*)$/m.exec(readText(join(proc, "stat")) ?? "");
  if (line === null) return undefined;
  // user nice system idle iowait irq softirq steal; guests are counted in user already.
  const ticks = (line[1] as string).split(" ").slice(0, 8).map(Number);
  const total = ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_S;
  const idle = ((ticks[3] as number) + (ticks[4] ?? 0)) / TICKS_PER_S;
  return { total, used: total - idle, ours };
}
