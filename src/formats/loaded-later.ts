import type { Format, Recognised, SampleRequest, SampleStream } from "./types.ts";

/** Loads the code of a format. */
type Load = () => Promise<Format["sample"]>;

/**
 * A sampler whose code is loaded with the first file of its format: a thread should not take memory,
 * and time at its start, for what most lakes do not have.
 */
export function loadedLater(load: Load): Format["sample"] {
  let loaded: Format["sample"] | undefined;
  return (request, found) =>
    loaded === undefined ? sampleLater(request, found) : loaded(request, found);

  async function* sampleLater(request: SampleRequest, found: Recognised): SampleStream {
    loaded = await load();
    return yield* loaded(request, found);
  }
}
