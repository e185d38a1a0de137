import type {
  Recognised,
  SampleRequest,
  SampleStep,
  SampleStream,
  Through,
} from "../formats/types.ts";
import { type Growing, growing } from "../lib/growing.ts";

/**
 * Makes a step that sees each sample whole: what it returns goes on. A sample is in memory for it,
 * which `limits` bounds. `memory` is for that of a file, until the next one is begun.
 */
export function wholeSamples(step: SampleStep, memory?: Growing): Through {
  return {
    step,
    stream(sample, found, request) {
      const held = (request.depth === 0 ? memory : undefined) ?? growing();
      return stepped({ sample, found, request }, step, held);
    },
  };
}

/** A stream, what it is of, and the source that it is taken from. */
interface Streamed {
  readonly sample: SampleStream;
  readonly found: Recognised;
  readonly request: SampleRequest;
}

/** It stands apart for the same reason as in `streamSource`. */
async function* stepped(
  { sample, found, request }: Streamed,
  step: SampleStep,
  held: Growing,
): SampleStream {
  held.clear();
  for (;;) {
    const { value, done } = await sample.next();
    if (done !== true) {
      // A copy: its memory may be used again for what follows.
      held.add(value, 0, value.length);
      continue;
    }
    const { bytes, summary } = await step({ bytes: held.bytes(), summary: value, found, request });
    if (bytes.length > 0) yield bytes;
    return summary;
  }
}
