import type { SettledOutcome, ShownOutcome } from "./types.ts";

/** The outcome that totals count an entry by: what the column `counted` is. */
export function countedAs(outcome: SettledOutcome, format: string | null): ShownOutcome {
  return outcome === "sampled" && format === "metadata" ? "described" : outcome;
}
