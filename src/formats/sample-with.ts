import { NoSample } from "../errors.ts";
import type { Recognised, SampleSummary } from "./types.ts";
import { unknown } from "./unknown.ts";

/**
 * Samples a source in its format; a source that has no sample in it is described instead.
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

/** Puts the warning from recognising a source in front of its sample's summary. */
export function summaryWith({ warning }: Recognised, summary: SampleSummary): SampleSummary {
  if (warning === undefined) return summary;
  return { ...summary, warnings: [warning, ...summary.warnings] };
}
