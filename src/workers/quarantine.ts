import { lastCrashMarks, markOf } from "./crash-marks.ts";
import type { Failed, RunJob } from "../job.ts";
import type { ProcessStore } from "../store/process-store.ts";

/**
 * Times in a row that the process dies while working on a file before the file is given up. Not
 * fewer: somebody who kills the process on purpose may hit the same file a few times, too.
 */
const DEATHS = 5;
/** Deaths after which one thread works alone, which shows at which file the process dies. */
const CAREFUL = 3;
const GIVEN_UP: Failed = {
  outcome: "failed",
  code: "UNEXPECTED",
  message: `the process ended ${DEATHS} times in a row while it worked on this file; did it run out of memory?`,
  readBytes: 0,
  ms: 0,
};

/**
 * Files at which the process ended: killed for its memory, say, or ended by V8 when memory ran out.
 */
export interface Quarantine {
  /**
   * True while one of them is to be watched: with a single thread, only that file can be to blame.
   */
  isSingleThreaded(): boolean;
  /** Fails those that are given up, once each, instead of trying them again. */
  guard(run: RunJob): RunJob;
}

/**
 * Finds out what the last process was working on when it was killed, and counts how often that was
 * so, also on other hosts. To be called before any work begins again.
 * @throws errno, and what the cache throws
 */
export async function findQuarantine(
  memory: ProcessStore,
  { state, bootId }: { readonly state: string; readonly bootId: string | undefined },
): Promise<Quarantine> {
  const wasKilled = (await memory.wasStoppedCleanly()) === false;
  const isSameBoot = bootId !== undefined && (await memory.bootId()) === bootId;
  const marks = wasKilled && isSameBoot ? lastCrashMarks(state) : [];
  const counts = new Map(await memory.countDeaths(marks, Date.now()));
  const watched = new Set(marks.filter((mark) => isWatched(counts.get(mark) ?? 0)));
  return {
    isSingleThreaded: () => watched.size > 0,
    guard: (run) => async (job, signal) => {
      if (counts.size === 0) return run(job, signal);
      const mark = markOf(job);
      const deaths = counts.get(mark);
      if (deaths === undefined) return run(job, signal);
      counts.delete(mark);
      if (deaths >= DEATHS) {
        // Not none: it may not be recorded before the next death, and people may have it tried again.
        await memory.setDeaths(mark, DEATHS - 1, Date.now());
        return GIVEN_UP;
      }
      const outcome = await run(job, signal);
      watched.delete(mark);
      await memory.setDeaths(mark, 0, Date.now());
      return outcome;
    },
  };
}

function isWatched(deaths: number): boolean {
  return deaths >= CAREFUL && deaths < DEATHS;
}
