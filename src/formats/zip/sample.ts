import { Failure, NoSample } from "../../errors.ts";
import { factsOf, type Found, isCandidate, nothingFound } from "../archive/found.ts";
import type { SampleRequest, SampleStream, SampleSummary } from "../types.ts";
import { faultOf } from "../fault.ts";
import type { SampledZipMember } from "./member.ts";
import { openZip, type OpenZip, type ZipEntry } from "./reader.ts";
import { groupsOf, sampleGroup } from "./together.ts";
import { writeZip } from "./writer.ts";
import { seekable } from "../seekable.ts";

/** Entries that are counted where the archive does not say how many it has. */
const COUNTED_ENTRIES = 200_000;

interface FoundInZip extends Found<SampledZipMember> {
  entries: number;
  readonly toSample: ZipEntry[];
}

/** The listing of a zip, and samples of its first members. */
export async function* sampleZip(request: SampleRequest): SampleStream {
  const { limits, depth } = request;
  if (depth >= limits.depth) throw new NoSample(`containers nested more than ${limits.depth} deep`);
  const { slice, size } = await seekable(request.source, "a zip");
  const archive = await openZip(slice, size);
  const found = await readThrough(request, archive);
  await sampleFirst(request, archive, found);
  yield* writeZip(found.list.bytes(), found.members);
  return { format: "zip", ...countOf(found, archive), ...factsOf(found, limits.members) };
}

/** Lists the entries. */
async function readThrough(request: SampleRequest, archive: OpenZip): Promise<FoundInZip> {
  const { limits, signal } = request;
  const found: FoundInZip = { ...nothingFound(limits.bytes), entries: 0, toSample: [] };
  try {
    for await (const entry of archive.entries()) {
      found.entries += 1;
      if (!found.list.add({ ...entry, name: Buffer.from(entry.name) })) {
        if (archive.count !== undefined || found.entries > COUNTED_ENTRIES) break;
        continue;
      }
      const isDirectory = entry.name.endsWith("/");
      if (!isDirectory && isCandidate(found, entry.name)) found.toSample.push(entry);
    }
  } catch (error) {
    const fault = faultOf(error, signal);
    if (found.list.count() === 0) throw new Failure("FORMAT_INVALID", `not a whole zip: ${fault}`);
    found.warnings.push(`the listing ends early: ${fault}`);
    found.endsEarly = true;
  }
  return found;
}

/** Samples the first members. */
async function sampleFirst(
  request: SampleRequest,
  archive: OpenZip,
  found: FoundInZip,
): Promise<void> {
  const groups = groupsOf(found.toSample);
  found.candidates = groups.length;
  for (const group of groups.slice(0, request.limits.members))
    found.members.push(...(await sampleGroup(request, archive, group, found.warnings)));
}

/** The number of entries; unknown for an archive that has very many and does not say how many. */
function countOf({ entries }: FoundInZip, { count }: OpenZip): Pick<SampleSummary, "entries"> {
  if (count === undefined && entries > COUNTED_ENTRIES) return {};
  return { entries: Math.max(entries, count ?? 0) };
}
