import type { Sampled } from "../../src/job.ts";

/** The outcome of a job that sampled a file of one byte. */
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
