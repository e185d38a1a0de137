import { createChecks, type FoundShape } from "../../checks/checks.ts";
import { compare } from "../../checks/shape/compare.ts";
import { typesOf } from "../../checks/shape/version.ts";
import { Failure } from "../../errors.ts";
import { sampleAs, sampleWith } from "../../formats/sample-with.ts";
import type { SampleRequest } from "../../formats/types.ts";
import { memorySource } from "../../lib/memory-source.ts";
import type { SamplePlace } from "../../samples/directory.ts";
import { keepSample, readSample } from "../../samples/previous.ts";

/**
 * Keeps the sample of a file's earlier version, where the file has another shape now. Returns
 * warnings.
 * @throws Failure OUTPUT_UNWRITABLE; the signal's reason once it is aborted
 */
export async function keepPrevious(
  place: SamplePlace,
  request: SampleRequest,
  shapes: readonly FoundShape[],
): Promise<string[]> {
  const bytes = readSample(place);
  const earlier = bytes === undefined ? [] : await shapesIn(place.file, bytes, request);
  if (!shapes.some((now) => isOther(earlier, now)) || keepSample(place)) return [];
  return ["the previous sample, of another shape, could not be kept"];
}

/** True where a file, or a member that was there before, has another shape now. */
function isOther(earlier: readonly FoundShape[], { member, shape }: FoundShape): boolean {
  const before = earlier.find((each) => each.member === member)?.shape;
  return before !== undefined && compare({ ...before, types: typesOf(before) }, shape).length > 0;
}

/** The shapes of a sample; none where there are none to be seen in it. */
async function shapesIn(
  name: string,
  bytes: Uint8Array,
  { limits, signal, extensions, recognise }: SampleRequest,
): Promise<readonly FoundShape[]> {
  const checks = createChecks({ shape: true, contract: undefined, mask: undefined });
  const source = memorySource(name, bytes);
  const request = {
    source,
    limits,
    signal,
    depth: 0,
    extensions,
    recognise,
    through: checks?.through,
  };
  try {
    const found = await recognise(request);
    const format = await sampleWith(found, source, async (as) => {
      const sample = sampleAs(as, request);
      for (;;) {
        const { value, done } = await sample.next();
        if (done === true) return value.format;
      }
    });
    return checks?.facts(format).shapes ?? [];
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}
