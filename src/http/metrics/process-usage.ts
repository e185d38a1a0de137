import { readdirSync, readFileSync } from "node:fs";

/** Resources that the daemon's process uses. */
export interface ProcessUse {
  readonly cpuSeconds: number;
  /** Bytes. */
  readonly residentBytes: number;
  readonly virtualBytes: number;
  readonly threads: number;
  readonly openFiles: number;
  readonly mostOpenFiles: number;
}

/**
 * Units of the kernel: it counts a process's time in hundredths of a second, and its memory in
 * pages.
 */
const TICKS_PER_SECOND = 100;

/** Reads the usage of a process of ours; undefined where it is gone or /proc does not show it. */
export function processUse(pid: number): ProcessUse | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in parentheses, can hold anything; the field after it is the third.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const field = (nth: number): number => Number(fields[nth - 3]);
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kib = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0);
    const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
    return {
      cpuSeconds: (field(14) + field(15)) / TICKS_PER_SECOND,
      residentBytes: 1024 * kib("VmRSS"),
      virtualBytes: 1024 * kib("VmSize"),
      threads: field(20),
      openFiles: readdirSync(`/proc/${pid}/fd`).length,
      mostOpenFiles: Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0),
    };
  } catch {
    return undefined;
  }
}
