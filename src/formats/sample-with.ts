import { Failure, NoSample } from "../errors.ts";
import { readTwice, type Source } from "../lib/source.ts";
import { sampleHead } from "./cut.ts";
import { sampleBy } from "./strategies/sample-by.ts";
import { text } from "./text.ts";
import type { Recognised, SampleRequest, SampleStream, SampleSummary } from "./types.ts";
import { unknown } from "./unknown.ts";

/**
 * Samples a source in its format. Text that proves not to have the format that it seemed to have is
 * sampled as lines, where it can be read once more; a source without a sample is described instead.
 * @throws what `sample` throws
 */
export async function sampleWith<T>(
  found: Recognised,
  source: Source,
  sample: (found: Recognised) => Promise<T>,
): Promise<T> {
  try {
    return await sample(found);
  } catch (error) {
    if (error instanceof NoSample) {
      return sample({ format: unknown, by: found.by, reason: error.reason });
    }
    if (!isWrongGuess(found, error) || source.slice === undefined) throw error;
    return sampleWith({ format: text, by: "content" }, source, sample);
  }
}

function isWrongGuess({ confidence }: Recognised, error: unknown): boolean {
  if (confidence === undefined) return false;
  return error instanceof Failure && error.code === "FORMAT_INVALID";
}

/** Adds what recognising a source said to its sample's summary: the warning in front, the confidence. */
export function summaryWith(
  { warning, confidence }: Recognised,
  summary: SampleSummary,
): SampleSummary {
  const warned =
    warning === undefined ? summary : { ...summary, warnings: [warning, ...summary.warnings] };
  if (confidence === undefined) return warned;
  return { ...warned, confidence: Math.round(confidence * 1000) / 1000 };
}

/** The sample of a source in its format, after the step that the request has for it. */
export function sampleAs(found: Recognised, request: SampleRequest): SampleStream {
  const sample = sampleBy(found, request);
  const { through } = request;
  return through === undefined || found.format.packs
    ? sample
    : through.stream(sample, found, request);
}

/**
 * The sample of what a container holds, with what recognising it said. Text that proves not to have
 * the format that it seemed to have is sampled as lines: a guess's sample, and what was read for it,
 * are held until it is whole. Both are bounded by the limits of a sample and of a record.
 */
export async function* sampleInside(found: Recognised, request: SampleRequest): SampleStream {
  if (found.confidence === undefined) {
    const whole = await sampleHead(found, await request.source.head(), request);
    if (whole === undefined) return summaryWith(found, yield* sampleAs(found, request));
    if (whole.bytes.length > 0) yield whole.bytes;
    return summaryWith(found, whole.summary);
  }
  const [first, second] = readTwice(request.source);
  let guessed: Awaited<ReturnType<typeof collectSample>>;
  try {
    guessed = await collectSample(sampleAs(found, { ...request, source: first }));
  } catch (error) {
    if (!isWrongGuess(found, error)) throw error;
    return yield* sampleAs({ format: text, by: "content" }, { ...request, source: second });
  }
  yield guessed.bytes;
  return summaryWith(found, guessed.summary);
}

/** A sample in one piece, and what it is. */
export async function collectSample(
  sample: SampleStream,
): Promise<{ readonly bytes: Buffer; readonly summary: SampleSummary }> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const { value, done } = await sample.next();
    if (done === true) return { bytes: Buffer.concat(pieces), summary: value };
    pieces.push(value);
  }
}
