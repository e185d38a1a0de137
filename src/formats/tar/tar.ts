import { forwardSlice } from "../../lib/forward.ts";
import type { Format, SampleRequest, SampleStream } from "../types.ts";
import { faultOf } from "../fault.ts";
import { listing } from "../listing.ts";
import { isNamedHeader } from "./header.ts";
import { tarEntries } from "./walk.ts";

/** A tar archive: its sample is the list of what is in it. */
export const tar: Format = {
  name: "tar",
  extensions: [".tar"],
  kind: "binary",
  sampleExtension: ".txt",
  matches: isNamedHeader,
  sample: sampleTar,
};

async function* sampleTar({ source, limits, signal }: SampleRequest): SampleStream {
  const warnings: string[] = [];
  const list = listing(limits.bytes);
  // What is inside a gzip cannot be seeked in; it is read through with the same walk.
  const chunks = source.slice === undefined ? source.stream()[Symbol.asyncIterator]() : undefined;
  const slice = source.slice ?? forwardSlice(chunks as AsyncIterator<Uint8Array, unknown, void>);
  try {
    for await (const entry of tarEntries(slice, source.size)) if (!list.add(entry)) break;
  } catch (error) {
    if (list.count() === 0) throw error;
    warnings.push(`the listing ends early: ${faultOf(error, signal)}`);
  } finally {
    await chunks?.return?.(undefined);
  }
  yield list.bytes();
  const cut = list.cut();
  const complete = cut === undefined && warnings.length === 0;
  const summary = { format: "tar", rows: list.count(), complete, warnings };
  return cut === undefined ? summary : { ...summary, cut };
}
