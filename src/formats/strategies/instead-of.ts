import type { SampleStream } from "../types.ts";

/** Says of a sample, or of the reason why there is none, that something else was asked for. */
export function insteadOf(
  wanted: string,
  why: string,
  sample: SampleStream | string,
): SampleStream | string {
  const note = `not ${wanted}: ${why}`;
  return typeof sample === "string" ? `${note}; ${sample}` : noted(sample, note);
}

async function* noted(sample: SampleStream, note: string): SampleStream {
  const summary = yield* sample;
  return { ...summary, why: summary.why === undefined ? note : `${note}; ${summary.why}` };
}
