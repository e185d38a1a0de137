import { configSchema } from "../config/schema.ts";
import { settingsOf } from "../config/settings.ts";
import { recognise } from "../formats/index.ts";
import { sampleWith, summaryWith } from "../formats/sample-with.ts";
import type { Limits } from "../lib/limits.ts";
import type { Recognised, RecognisedBy, SampleRequest, SampleSummary } from "../formats/types.ts";

/** The default limits of samples. */
export const defaultLimits: Limits = settingsOf({
  config: configSchema.parse({}),
  prefix: "/",
  file: undefined,
}).forDataset("").limits;

/** First bytes of a source that are kept, for those who show them. */
const SHOWN_BYTES = 8 * 1024;

/** A sample that was taken to be looked at, not to be published. */
export interface TakenSample {
  readonly bytes: Buffer;
  readonly summary: SampleSummary;
  readonly recognisedBy: RecognisedBy;
  /** The sample's extension, where it is not the file's own. */
  readonly extension: string | null;
  /** The first bytes of its source, 8 KiB at most. */
  readonly head: Buffer;
}

/**
 * Samples a source into memory, as a job does into a file; a source without a sample in its own
 * format is described. The request's limits bound the work.
 * @throws Failure; what the source throws
 */
export async function takeSample(request: Omit<SampleRequest, "recognise">): Promise<TakenSample> {
  const whole = { ...request, recognise };
  return sampleWith(await recognise(whole), (found) => takeAs(found, whole));
}

async function takeAs(found: Recognised, request: SampleRequest): Promise<TakenSample> {
  const pieces: Uint8Array[] = [];
  const sample = found.format.sample(request, found);
  try {
    for (;;) {
      const { value, done } = await sample.next();
      if (done !== true) pieces.push(value);
      else return taken(found, value, Buffer.concat(pieces), await request.source.head());
    }
  } finally {
    await sample.return(undefined as never);
  }
}

function taken(
  found: Recognised,
  summary: SampleSummary,
  bytes: Buffer,
  first: Uint8Array,
): TakenSample {
  const { by, format } = found;
  const extension = format.sampleExtension ?? null;
  const head = Buffer.from(first.subarray(0, SHOWN_BYTES));
  return { bytes, summary: summaryWith(found, summary), recognisedBy: by, extension, head };
}
