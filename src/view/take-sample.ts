import { wholeSamples } from "../checks/whole-sample.ts";
import { configSchema } from "../config/schema.ts";
import { settingsOf } from "../config/settings.ts";
import { recognise } from "../formats/index.ts";
import { collectSample, sampleAs, sampleWith, summaryWith } from "../formats/sample-with.ts";
import type { Limits } from "../lib/limits.ts";
import type { Mask } from "../masking/mask.ts";
import { recogniseUnder } from "../masking/masks.ts";
import { unquotedError } from "../masking/shown.ts";
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
  /** The first bytes of its source, 8 KiB at most; none under a mask. */
  readonly head: Buffer;
}

/**
 * Samples a source into memory, as a job does into a file; a source without a sample in its own
 * format is described. The request's limits bound the work. Under a mask it shows no more than that
 * allows, errors included.
 * @throws Failure; what the source throws
 */
export async function takeSample(
  request: Omit<SampleRequest, "recognise">,
  mask?: Mask,
): Promise<TakenSample> {
  const recognising = { ...request, recognise: recogniseUnder(mask) };
  if (mask === undefined) return take(recognising);
  try {
    const through = wholeSamples(mask.step);
    const taken = await take({ ...recognising, through }, mask);
    return { ...taken, summary: mask.summary(taken.summary), head: Buffer.alloc(0) };
  } catch (error) {
    throw unquotedError(error);
  }
}

async function take(request: SampleRequest, mask?: Mask): Promise<TakenSample> {
  return sampleWith(await recognise(request), request.source, async (found) => {
    mask?.check(found);
    return takeAs(found, request);
  });
}

async function takeAs(found: Recognised, request: SampleRequest): Promise<TakenSample> {
  const sample = sampleAs(found, request);
  try {
    const { bytes, summary } = await collectSample(sample);
    return taken(found, summary, bytes, await request.source.head());
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
