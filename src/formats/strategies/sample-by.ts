import type { Recognised, SampleRequest, SampleStream, SampleSummary, Strategy } from "../types.ts";

/**
 * Samples a source in its format, by the strategy that is asked for. Where the source has no other
 * sample than its first records, these are it, and the summary says why. What is inside a container
 * is read from its start.
 */
export function sampleBy(found: Recognised, request: SampleRequest): SampleStream {
  const { strategy, depth } = request;
  if (strategy === undefined || depth > 0) return found.format.sample(request, found);
  return drawn(found, request, strategy);
}

async function* drawn(found: Recognised, request: SampleRequest, strategy: Strategy): SampleStream {
  const { format } = found;
  const sample = (await format.draw?.(request, strategy)) ?? alwaysHead(format.name);
  if (typeof sample !== "string") return yield* sample;
  const summary: SampleSummary = yield* format.sample(request, found);
  return { ...summary, strategy: "head", why: sample };
}

function alwaysHead(format: string): string {
  return `a sample of ${format} is always made from its start`;
}
