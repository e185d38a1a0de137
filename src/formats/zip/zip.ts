import { Failure, NoSample } from "../../errors.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Cut } from "../../lib/records.ts";
import type { Format, SampleRequest, SampleStream, SampleSummary } from "../types.ts";
import { faultOf } from "../fault.ts";
import { type Listing, listing } from "../listing.ts";
import { isDirectory, isLeftBySystem, type SampledMember, sampleMember } from "./member.ts";
import { openZip, type OpenZip } from "./reader.ts";
import { writeZip } from "./writer.ts";
import { withoutSlice } from "../without-slice.ts";

/** A zip archive: a listing and the first members, each sampled by its own format. */
export const zip: Format = {
  name: "zip",
  extensions: [".zip"],
  kind: "binary",
  matches: (head) => hasBytes(head, [0x50, 0x4b, 3, 4]) || hasBytes(head, [0x50, 0x4b, 5, 6]),
  sample: sampleZip,
};

/** Entries that are counted where the archive does not say how many it has. */
const COUNTED_ENTRIES = 200_000;

/** The findings of an archive. */
interface Found {
  readonly list: Listing;
  readonly members: SampledMember[];
  readonly warnings: string[];
  entries: number;
  /** Entries that are not directories. */
  files: number;
  /** Those that may be sampled. */
  candidates: number;
  endsEarly: boolean;
}

async function* sampleZip(request: SampleRequest): SampleStream {
  const { source, limits, depth } = request;
  const { slice, size } = source;
  if (slice === undefined || size === undefined)
    throw withoutSlice(source, "a zip inside a container");
  if (depth >= limits.depth) throw new NoSample(`containers nested more than ${limits.depth} deep`);

  const archive = await openZip(slice, size);
  const found = await readThrough(request, archive);
  const { list, members, warnings } = found;
  yield* writeZip(list.bytes(), members);
  const complete = isWhole(found);
  const cut = complete ? undefined : cutOf(found, limits.members);
  const counts = { rows: list.count(), ...countOf(found, archive) };
  const summary = { format: "zip", ...counts, complete, warnings };
  return cut === undefined ? summary : { ...summary, cut };
}

/** Lists the entries and samples the first members. */
async function readThrough(request: SampleRequest, archive: OpenZip): Promise<Found> {
  const { limits, signal } = request;
  const list = listing(limits.bytes);
  const nothing = { entries: 0, files: 0, candidates: 0, endsEarly: false };
  const found: Found = { list, members: [], warnings: [], ...nothing };
  try {
    for await (const entry of archive.entries()) {
      found.entries += 1;
      if (!list.add({ ...entry, name: Buffer.from(entry.name) })) {
        if (archive.count !== undefined || found.entries > COUNTED_ENTRIES) break;
        continue;
      }
      if (isDirectory(entry)) continue;
      found.files += 1;
      if (isLeftBySystem(entry) || (found.candidates += 1) > limits.members) continue;
      const member = await sampleMember(request, archive, entry, found.warnings);
      if (member !== undefined) found.members.push(member);
    }
  } catch (error) {
    const fault = faultOf(error, signal);
    if (list.count() === 0) throw new Failure("FORMAT_INVALID", `not a whole zip: ${fault}`);
    found.warnings.push(`the listing ends early: ${fault}`);
    found.endsEarly = true;
  }
  const others = found.files - found.candidates;
  if (others > 0) found.warnings.push(`listed only: ${others} files that macOS or Windows made`);
  return found;
}

/** True when nothing was left out. */
function isWhole({ list, members, files, endsEarly }: Found): boolean {
  if (list.cut() !== undefined || endsEarly || files > members.length) return false;
  return members.every(({ complete }) => complete);
}

/** The limit that left something out; none where only damage or encryption did. */
function cutOf({ list, members, candidates }: Found, mostMembers: number): Cut | undefined {
  if (list.cut() !== undefined) return list.cut();
  if (candidates > mostMembers) return "members";
  return members.find(({ cut }) => cut !== undefined)?.cut;
}

/** The number of entries; unknown for an archive that has very many and does not say how many. */
function countOf({ entries }: Found, { count }: OpenZip): Pick<SampleSummary, "entries"> {
  if (count === undefined && entries > COUNTED_ENTRIES) return {};
  return { entries: Math.max(entries, count ?? 0) };
}
