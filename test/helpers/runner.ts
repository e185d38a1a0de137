import type { JobRunner, Outcome } from "../../src/job.ts";

/** Runs no job; each has this outcome. */
export function runnerOf(outcome: Outcome): JobRunner {
  return {
    run: () => Promise.resolve(outcome),
    release: () => undefined,
    wasClean: () => true,
    takeEnded: () => [],
  };
}
