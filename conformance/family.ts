import { readdirSync, readFileSync } from "node:fs";

const LOOK_EVERY_MS = 50;

/** The largest memory seen of one process. */
export interface MemoryWatch {
  /** Stops looking; returns the most bytes that one process of the family had resident. */
  end(): number;
}

/**
 * Watches a process and those it starts. The kernel remembers each one's peak, so that looking
 * now and then misses only what grows in the last moment before an end.
 */
export function watchMemory(pid: number): MemoryWatch {
  let most = 0;
  const look = () => {
    for (const each of family(pid)) most = Math.max(most, peakOf(each));
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    end() {
      clearInterval(timer);
      return most;
    },
  };
}

/** Ends a process and those it started. */
export function killFamily(pid: number): void {
  for (const each of family(pid)) {
    try {
      process.kill(each, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

/** A process and all that it, or what it started, started. */
function family(pid: number): number[] {
  const threads = list(`/proc/${pid}/task`);
  const children = threads.flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(" ").filter(Boolean),
  );
  return [pid, ...children.flatMap((child) => family(Number(child)))];
}

function peakOf(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
}

/** The text of a file; empty where it is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
