import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { print } from "./pairs.ts";
import { soak } from "./soak/run.ts";
import type { Slopes } from "./soak/slope.ts";
import { FAULTS } from "./soak/tally.ts";

const MINUTES = Number(process.env["SOAK_MINUTES"] ?? 30);
const SEED = Number(process.env["SOAK_SEED"] ?? Date.now() % 1_000_000);
const MINUTE_MS = 60_000;
/** The last part of a run has no kills, so that memory is seen to grow or not; at most 10 minutes. */
const CALM_PART = 1 / 4;
const LONGEST_CALM_MS = 10 * MINUTE_MS;

/**
 * Production, rotations and kills for `SOAK_MINUTES`, with an audit every 30 seconds. False when
 * anything was lost, half-written, invented, left or disturbed, or the daemon ended unasked. The
 * directory stays then.
 */
export async function bench(): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), "staging-sampler-soak-"));
  print(`soak of ${MINUTES} minutes, SOAK_SEED=${SEED}, in ${directory}`);
  // An exit ends the daemon as well.
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
  const started = performance.now();
  const calmMs = Math.min(MINUTES * CALM_PART * MINUTE_MS, LONGEST_CALM_MS);
  const stormMs = MINUTES * MINUTE_MS - calmMs;
  const { tally, slopes, logged } = await soak({ directory, seed: SEED, stormMs, calmMs, print });
  const minutes = (performance.now() - started) / MINUTE_MS;
  const figures = { minutes, ...tally, ...figuresOf(slopes) };
  for (const [name, value] of Object.entries(figures)) {
    print(`${name.padEnd(28)}${Number.isInteger(value) ? value : value.toFixed(2)}`);
  }
  for (const [what, count] of logged) print(`logged: ${what.padEnd(40)}${count}`);
  const { rssKbByMinute } = slopes;
  print(`calm, resident by minute, KB: ${rssKbByMinute.join(" ")}`);
  const daemon = { rssKbByMinute, logged: Object.fromEntries(logged) };
  print(JSON.stringify({ seed: SEED, ...figures, ...daemon }));
  const isClean = FAULTS.every((fault) => tally[fault] === 0);
  if (isClean) rmSync(directory, { recursive: true });
  return isClean;
}

function figuresOf(slopes: Slopes): Record<string, number> {
  return {
    calmMinutes: slopes.minutes,
    calmFootprints: slopes.samples,
    calmRssKb: slopes.rssKb,
    calmDescriptors: slopes.descriptors,
    rssKbPerMinute: slopes.rssKbPerMinute,
    descriptorsPerMinute: slopes.descriptorsPerMinute,
  };
}
