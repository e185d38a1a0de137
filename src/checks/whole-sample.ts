import type {
  Recognised,
  SampleRequest,
  SampleStream,
  SampleSummary,
  Through,
} from "../formats/types.ts";
import { type Growing, growing } from "../lib/growing.ts";

/** A sample in one piece, before it is written or packed again. */
export interface WholeSample {
  readonly bytes: Uint8Array;
  readonly summary: SampleSummary;
  readonly found: Recognised;
  /** That of its source: of a member, where that is in a container. */
  readonly request: SampleRequest;
}

/** Looks at a sample, or gives another in its place. @throws NoSample for what has none */
export type SampleStep = (sample: WholeSample) => Promise<Pick<WholeSample, "bytes" | "summary">>;

/**
 * Makes a step that sees each sample whole: what it returns goes on. A sample is in memory for it,
 * which `limits` bounds. `memory` is for that of a file, until the next one is begun.
 */
export function wholeSamples(step: SampleStep, memory?: Growing): Through {
  return async function* through(sample, found, request): SampleStream {
    const held = (request.depth === 0 ? memory : undefined) ?? growing();
    held.clear();
    for (;;) {
      const { value, done } = await sample.next();
      if (done !== true) {
        // A copy: its memory may be used again for what follows.
        held.add(value, 0, value.length);
        continue;
      }
      const { bytes, summary } = await step({
        bytes: held.bytes(),
        summary: value,
        found,
        request,
      });
      if (bytes.length > 0) yield bytes;
      return summary;
    }
  };
}
