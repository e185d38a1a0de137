import { NoSample } from "../../errors.ts";
import { forwardSlice } from "../../lib/forward.ts";
import { factsOf, type Found, isCandidate, nothingFound } from "../archive/found.ts";
import { faultOf } from "../fault.ts";
import type { Format, SampleRequest } from "../types.ts";
import { isNamedHeader } from "./header.ts";
import { nameOf, type SampledTarMember, sampleTarMember } from "./member.ts";
import { tarEntries } from "./walk.ts";
import { writeTar } from "./writer.ts";

/** A tar archive: its sample is the list of what is in it. */
export const tar: Format = {
  name: "tar",
  extensions: [".tar"],
  kind: "binary",
  sampleExtension: ".txt",
  matches: isNamedHeader,
  async *sample(request) {
    const { list, warnings } = await readThrough(request, 0);
    yield list.bytes();
    const cut = list.cut();
    const complete = cut === undefined && warnings.length === 0;
    const summary = { format: "tar", rows: list.count(), complete, warnings };
    return cut === undefined ? summary : { ...summary, cut };
  },
};

/** A tar archive whose sample is one: a listing and the first members, each sampled by its own format. */
export const tarWithMembers: Format = {
  name: tar.name,
  extensions: tar.extensions,
  kind: "binary",
  packs: true,
  matches: isNamedHeader,
  async *sample(request) {
    const { limits, depth } = request;
    if (depth >= limits.depth) {
      throw new NoSample(`containers nested more than ${limits.depth} deep`);
    }
    const found = await readThrough(request, limits.tarMembers);
    yield* writeTar(found.list.bytes(), found.members);
    return { format: "tar", ...factsOf(found, limits.tarMembers) };
  },
};

/** Lists the entries and samples the first `most` files. */
async function readThrough(request: SampleRequest, most: number): Promise<Found<SampledTarMember>> {
  const { source, limits, signal } = request;
  const found = nothingFound<SampledTarMember>(limits.bytes);
  // What is inside a gzip cannot be seeked in; it is read through with the same walk.
  const chunks = source.slice === undefined ? source.stream()[Symbol.asyncIterator]() : undefined;
  const slice = source.slice ?? forwardSlice(chunks as AsyncIterator<Uint8Array, unknown, void>);
  try {
    for await (const entry of tarEntries(slice, source.size)) {
      if (!found.list.add(entry)) break;
      if (most === 0 || entry.kind === "directory") continue;
      if (entry.kind === "other") found.files += 1;
      else if (isCandidate(found, nameOf(entry)) && found.candidates <= most) {
        const member = await sampleTarMember(request, slice, entry, found.warnings);
        if (member !== undefined) found.members.push(member);
      }
    }
  } catch (error) {
    if (found.list.count() === 0) throw error;
    found.warnings.push(`the listing ends early: ${faultOf(error, signal)}`);
    found.endsEarly = true;
  } finally {
    await chunks?.return?.(undefined);
  }
  return found;
}
