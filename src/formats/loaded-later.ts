import type { Format, Recognised, SampleRequest, SampleStream } from "./types.ts";

/** Loads the code of a format. */
type Load = () => Promise<Format["sample"]>;

/**
 * A sampler whose code is loaded with the first file of its format: a thread should not take memory,
 * and time at its start, for what most lakes do not have.
 */
export function loadedLater(load: Load): Format["sample"] {
  return (request, found) => sampleLater(load, request, found);
}

async function* sampleLater(load: Load, request: SampleRequest, found: Recognised): SampleStream {
  const sample = await load();
  return yield* sample(request, found);
}
