import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";

/** Time, ms, and resident memory at most, bytes. */
export interface Measured {
  readonly ms: number;
  readonly rss: number;
}

/** Downloads in a process of its own: to `to`, or `to`.N where there are several. */
export function download(to: string, urls: readonly string[], options: object = {}): Measured {
  const program = join(import.meta.dirname, "staging-once.js");
  rmSync(to, { force: true });
  const args = [program, JSON.stringify(options), to, ...urls];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Measured;
}
