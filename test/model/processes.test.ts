import fc from "fast-check";
import { expect, test } from "vitest";
import { playProcesses, type ProcessTally } from "./process.ts";
import { anyStory } from "./steps.ts";

const RUNS = Number(process.env["TAILING_PROCESS_RUNS"] ?? 8);
/** The same sequences each time: others are tried with another seed, and more of them. */
const SEED = Number(process.env["TAILING_SEED"] ?? 1);
const MS_EACH = 20_000;

test(
  "nor is it where processes are killed in the middle",
  { timeout: 480_000 + RUNS * MS_EACH },
  async () => {
    const tally: ProcessTally = { stories: 0, started: 0, killed: 0 };
    const property = fc.asyncProperty(anyStory(), (story) => playProcesses(story, tally));
    try {
      await fc.assert(property, { numRuns: RUNS, seed: SEED });
    } finally {
      const { stories, started, killed } = tally;
      process.stdout.write(
        `${stories} sequences, ${started} processes, ${killed} killed, seed ${SEED}\n`,
      );
    }
    expect(tally.stories).toBe(RUNS);
  },
);
