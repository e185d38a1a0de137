import type { Settings } from "../config/settings.ts";
import { Failure } from "../errors.ts";
import { type CpuTime, cpuTime, usedByOthers } from "./cpu.ts";
import type { Kernel } from "./cgroup.ts";
import { memoryInUse } from "./memory.ts";

/** Keeps work from beginning on a busy host. */
export interface Admission {
  /** The reason why nothing is to begin now; undefined when it may. Asking often costs nothing. */
  busy(): string | undefined;
}

/** Time between two looks at the host, ms. */
const INTERVAL_MS = 1000;

/**
 * Creates an admission for the limits in `load`; without limits it is always open. The use of the
 * processors is known only after the first second.
 * @throws Failure CONFIG_INVALID where a limit is set and the kernel does not tell the value
 */
export function createAdmission(
  { maxCpu, maxMemory }: Settings["load"],
  kernel: Kernel,
  clock: () => number = () => performance.now(),
): Admission {
  if (maxCpu === undefined && maxMemory === undefined) return { busy: () => undefined };
  let lookedAt = clock();
  let before = maxCpu === undefined ? undefined : known("maxCpu", cpuTime(kernel, lookedAt));
  let reason = maxCpu === undefined ? memory() : "how busy the processors are is not known yet";

  return {
    busy() {
      const now = clock();
      if (now - lookedAt < INTERVAL_MS) return reason;
      lookedAt = now;
      reason = cpu(now) ?? memory();
      return reason;
    },
  };

  function cpu(now: number): string | undefined {
    if (maxCpu === undefined) return undefined;
    const after = known("maxCpu", cpuTime(kernel, now));
    const used = usedByOthers(before as CpuTime, after);
    before = after;
    return used > maxCpu ? `others use ${used.toFixed()} % of the processors` : undefined;
  }

  function memory(): string | undefined {
    if (maxMemory === undefined) return undefined;
    const used = known("maxMemory", memoryInUse(kernel));
    return used > maxMemory ? `${used.toFixed()} % of the memory is in use` : undefined;
  }
}

/**
 * Returns what the kernel tells.
 * @throws Failure CONFIG_INVALID where it does not, and a limit needs it
 */
export function known<T>(setting: string, value: T | undefined): T {
  if (value !== undefined) return value;
  const message = `load.${setting} is set, but /proc does not tell: does ProcSubset= hide it?`;
  throw new Failure("CONFIG_INVALID", message);
}
