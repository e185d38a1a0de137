import { join } from "node:path";
import { type Kernel, limitingGroup, numberIn, readText } from "./cgroup.ts";

/**
 * Percent of the memory that is in use and could not be freed at once: of the control group with a
 * limit that we share with others, else of the machine. Undefined where the kernel does not tell.
 */
export function memoryInUse(kernel: Kernel): number | undefined {
  const group = limitingGroup(kernel, (directory) => limitOf(directory) !== undefined);
  if (group === undefined) return ofMachine(kernel);
  const used = Number(readText(join(group, "memory.current")));
  const cached = numberIn(readText(join(group, "memory.stat")), "inactive_file") ?? 0;
  return (100 * (used - cached)) / (limitOf(group) as number);
}

/** Bytes; undefined where the group has no limit. */
function limitOf(group: string): number | undefined {
  const limit = Number.parseInt(readText(join(group, "memory.max")) ?? "", 10);
  return Number.isNaN(limit) ? undefined : limit;
}

function ofMachine({ proc }: Kernel): number | undefined {
  const text = readText(join(proc, "meminfo"));
  const [total, available] = [numberIn(text, "MemTotal"), numberIn(text, "MemAvailable")];
  if (total === undefined || available === undefined) return undefined;
  return (100 * (total - available)) / total;
}
