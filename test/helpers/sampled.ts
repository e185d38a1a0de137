import type { Sampled } from "../../src/job.ts";

/** What a job says of a file of one byte that it sampled. */
export const SAMPLED: Sampled = {
  outcome: "sampled",
  format: "csv",
  complete: true,
  warnings: [],
  recognisedBy: "name",
  bytes: 1,
  readBytes: 1,
  sourceSize: 1,
  ms: 0,
};
