import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { emptyTally, play } from "./play.ts";
import { anySequence, type Sequence } from "./steps.ts";

const RUNS = Number(process.env["TAILING_RUNS"] ?? 1000);
/** The same sequences each time: others are tried with another seed, and more of them. */
const SEED = Number(process.env["TAILING_SEED"] ?? 1);
const PATH = process.env["TAILING_PATH"];
const MAX_STEPS = 30;
const MS_EACH = 200;

/** A file system in memory where there is one: the cache is opened and closed all the time. */
const MEMORY = "/dev/shm";

test(
  "whatever happens to a manifest, no line is lost, invented, or sampled again",
  { timeout: 480_000 + RUNS * MS_EACH },
  async () => {
    const root = await mkdtemp(join(tmpdir(), "sampler-tailing-"));
    const caches = await mkdtemp(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "sampler-tailing-"));
    const config = join(root, "config.yaml");
    await writeFile(config, JSON.stringify({ prefix: root, drain: { concurrency: 2 } }));
    const settings = loadConfig({ config, env: {} });
    const tally = emptyTally();
    let played = 0;
    const property = fc.asyncProperty(anySequence(MAX_STEPS), async (sequence) => {
      played += 1;
      const dataset = `model/tailing/${played}`;
      const state = join(caches, `${played}`);
      await play(sequence, { settings, dataset, state }, tally);
      await rm(state, { recursive: true });
      await rm(join(root, dataset), { recursive: true });
    });
    try {
      const path = PATH === undefined ? {} : { path: PATH };
      await fc.assert(property, { numRuns: RUNS, seed: SEED, ...path });
    } finally {
      await rm(root, { recursive: true });
      await rm(caches, { recursive: true });
      const { sequences, steps, looks, kills, rereads, reusedInodes } = tally;
      process.stdout.write(
        `${count(sequences)} sequences, ${count(steps)} steps, seed ${SEED} (${count(looks)} looks, ` +
          `${count(kills)} killed, ${count(rereads)} read again, ${count(reusedInodes)} inodes reused)\n`,
      );
    }
    if (PATH === undefined) expect(tally.sequences).toBe(RUNS);
  },
);

function count(n: number): string {
  return n.toLocaleString("en");
}

/** Sequences that found a fault once, and the fault. */
const FOUND: readonly (readonly [string, Sequence])[] = [
  [
    "a bad last line that a look finds after it was left counts from then on",
    foundAfterLeft({ nuls: 7, rewritten: 66 }),
  ],
  [
    "a file that got shorter since the look began has a last line, too",
    foundAfterLeft({ nuls: 200, rewritten: 259 }),
  ],
];

/** The last line of a manifest is spoiled while a look that reads it again from 0 is half done. */
function foundAfterLeft({
  nuls,
  rewritten,
}: {
  readonly nuls: number;
  readonly rewritten: number;
}): Sequence {
  return {
    naming: "numbered",
    steps: [
      { do: "appendBlank" },
      { do: "pass", ms: 1, drains: false, turns: null },
      { do: "copyTruncate", between: "nothing" },
      { do: "append", raws: [0] },
      { do: "nulTail", bytes: nuls },
      { do: "compress", which: 0, packing: "gz", between: "pass" },
      { do: "pass", ms: 2000, drains: false, turns: 1 },
      { do: "rewriteEnd", bytes: rewritten },
      { do: "settle" },
    ],
  };
}

test.each(FOUND)("%s", async (_, sequence) => {
  const root = await mkdtemp(join(tmpdir(), "sampler-tailing-"));
  const config = join(root, "config.yaml");
  await writeFile(config, JSON.stringify({ prefix: root }));
  const settings = loadConfig({ config, env: {} });
  const place = { settings, dataset: "model/tailing/v1", state: join(root, "state") };
  try {
    await play(sequence, place, emptyTally());
  } finally {
    await rm(root, { recursive: true });
  }
});
