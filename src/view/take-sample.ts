import { configSchema } from "../config/schema.ts";
import { settingsOf } from "../config/settings.ts";
import { NoSample } from "../errors.ts";
import { recognise } from "../formats/index.ts";
import { unknown } from "../formats/unknown.ts";
import type { Limits } from "../lib/limits.ts";
import type { Recognised, RecognisedBy, SampleRequest, SampleSummary } from "../formats/types.ts";

/** Samples hold this many rows where nothing else is said. */
export const defaultLimits: Limits = settingsOf({
  config: configSchema.parse({}),
  prefix: "/",
  file: undefined,
}).forDataset("").limits;

const HEAD_BYTES = 8 * 1024;

/** A sample that was taken to be looked at, not to be published. */
export interface TakenSample {
  readonly bytes: Buffer;
  readonly summary: SampleSummary;
  readonly recognisedBy: RecognisedBy;
  /** The sample's extension, where it is not the file's own. */
  readonly extension: string | null;
  /** The first bytes of what it was taken from, 8 KiB at most. */
  readonly head: Buffer;
}

/**
 * Samples a source into memory, as a job does into a file; what has no sample in its own format is
 * described. What the sample may take is bounded by the request's limits.
 * @throws Failure; what the source throws
 */
export async function takeSample(request: Omit<SampleRequest, "recognise">): Promise<TakenSample> {
  const whole = { ...request, recognise };
  const found = await recognise(whole);
  try {
    return await takeAs(found, whole);
  } catch (error) {
    if (!(error instanceof NoSample)) throw error;
    return takeAs({ format: unknown, by: found.by, reason: error.reason }, whole);
  }
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
  const { warning, by, format } = found;
  const warnings = warning === undefined ? summary.warnings : [warning, ...summary.warnings];
  const extension = format.sampleExtension ?? null;
  const head = Buffer.from(first.subarray(0, HEAD_BYTES));
  return { bytes, summary: { ...summary, warnings }, recognisedBy: by, extension, head };
}
