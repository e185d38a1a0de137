import type { Sampled } from "../../src/job.ts";

/** A sample of three rows. */
export const SAMPLED: Sampled = {
  outcome: "sampled",
  format: "csv",
  complete: true,
  warnings: [],
  recognisedBy: "name",
  rows: 3,
  bytes: 10,
  readBytes: 20,
  sourceSize: 30,
  ms: 1,
};
