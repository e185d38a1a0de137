import { NoSample } from "../errors.ts";
import type { Recognised, SampleSummary } from "./types.ts";
import { unknown } from "./unknown.ts";

/**
 * Has a source sampled in its format; where it has no sample in it, it is described instead.
 * @throws what `sample` throws
 */
export async function sampleWith<T>(
  found: Recognised,
  sample: (found: Recognised) => Promise<T>,
): Promise<T> {
  try {
    return await sample(found);
  } catch (error) {
    if (!(error instanceof NoSample)) throw error;
    return sample({ format: unknown, by: found.by, reason: error.reason });
  }
}

/** The summary of a sample, with what recognising its source warned of in front. */
export function summaryWith({ warning }: Recognised, summary: SampleSummary): SampleSummary {
  if (warning === undefined) return summary;
  return { ...summary, warnings: [warning, ...summary.warnings] };
}
