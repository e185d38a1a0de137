import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { endingWithUs } from "../helpers/child.ts";
import { createWorld } from "../helpers/world.ts";

/** Files that are moved while they are looked at: `RACES=10000 vitest run test/raw/races.test.ts`. */
const RACES = Number(process.env["RACES"] ?? 300);
const TIMEOUT_MS = 3_600_000;
const producer = join(import.meta.dirname, "producer.ts");

/** The sample of a file that the producer writes: it has less than 100 records. */
function textOf(i: number): string {
  return `id,value\n${`${i},some value\n`.repeat(1 + (i % 50))}`;
}

test(
  `${RACES} files are moved to bronze while raw is looked at: none fails, none is lost, none is half`,
  async () => {
    await using world = await createWorld({ raw: { mode: "early" } });
    const args = [producer, world.path("."), String(RACES)];
    const child = spawn(...endingWithUs(process.execPath, args), { stdio: "inherit" });
    const exit = once(child, "exit");
    const sums = { sampled: 0, failed: 0, confirmed: 0, moved: 0 };
    const pass = async () => {
      const { summary, outcomes } = await world.pass();
      expect(Object.values(outcomes).filter((outcome) => outcome !== "sampled")).toEqual([]);
      for (const key of ["sampled", "failed", "confirmed", "moved"] as const)
        sums[key] += summary[key];
    };
    while (child.exitCode === null && child.signalCode === null) await pass();
    expect((await exit)[0]).toBe(0);
    // What came last, and then its line.
    await pass();
    await pass();

    expect(sums.failed).toBe(0);
    const rows = world.rows();
    expect(rows).toHaveLength(RACES);
    for (const row of rows)
      expect(row).toMatchObject({
        outcome: "sampled",
        waiting: false,
        confirmed: true,
        code: null,
      });
    const samples = await world.samples();
    expect(samples).toHaveLength(RACES);
    for (let i = 0; i < RACES; i += 1)
      expect(String(await world.sample(`f${i}_sample.csv`))).toBe(textOf(i));
    expect(sums.confirmed).toBe(rows.filter(({ from }) => from === "raw").length);
    process.stdout.write(
      `${RACES} races: ${sums.sampled} samples, ${sums.confirmed} of raw files confirmed, ${sums.moved} moved before they were sampled\n`,
    );
  },
  TIMEOUT_MS,
);
