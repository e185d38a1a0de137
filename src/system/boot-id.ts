import { readFileSync } from "node:fs";

/** The machine's boot id, or undefined where it cannot be read (`ProcSubset=pid` hides it). */
export function bootIdOf(path = "/proc/sys/kernel/random/boot_id"): string | undefined {
  try {
    return readFileSync(path, "latin1").trim() || undefined;
  } catch {
    return undefined;
  }
}
