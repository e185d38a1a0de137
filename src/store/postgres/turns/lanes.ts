import { hash } from "node:crypto";

/** Number of lanes: with 16 hosts each has four, and a dataset of many files is shared by all. */
export const LANES = 64;

/** The lane of a dataset. That of a raw is `files.lane`, which the database counts in the same way. */
export function laneOf(dataset: string): number {
  return (hash("sha256", dataset, "buffer")[0] as number) % LANES;
}
