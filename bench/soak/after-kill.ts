import { statSync } from "node:fs";
import { join } from "node:path";
import { filesBelow } from "./audit.ts";
import { judgeWhole } from "./judge.ts";
import type { Dataset } from "./lake.ts";
import type { Fault } from "./tally.ts";

/** Samples that are looked at after one kill; the newest are the likely ones. */
const MOST = 50;

/**
 * Makes the function that looks at the samples as a kill has left them, while no daemon runs: what
 * was written last has to be whole under its name.
 */
export function createKillCheck(
  datasets: readonly Dataset[],
  onFault: (fault: Fault, what: string) => void,
): () => Promise<void> {
  let since = 0;

  return async () => {
    const fresh = datasets.flatMap(({ directory }) => samplesSince(directory, since));
    const newest = fresh.toSorted((a, b) => b.mtimeMs - a.mtimeMs).slice(0, MOST);
    since = newest[0]?.mtimeMs ?? since;
    const answers = await judgeWhole(newest.map(({ path }) => path));
    for (const [i, { path }] of newest.entries()) {
      if (answers[i] != null) onFault("halfWritten", `after a kill: ${path}: ${answers[i]}`);
    }
  };
}

function samplesSince(directory: string, since: number): { path: string; mtimeMs: number }[] {
  const samples = join(directory, "samples");
  return filesBelow(samples)
    .filter((name) => !/^_receipts|\.tmp$/.test(name))
    .map((name) => ({ path: join(samples, name), mtimeMs: statSync(join(samples, name)).mtimeMs }))
    .filter(({ mtimeMs }) => mtimeMs > since);
}
