import type { Cut } from "../../lib/records.ts";
import { type Listing, listing } from "../listing.ts";
import type { SampledMember } from "./member.ts";

/** Files that macOS and Windows put beside people's own. */
const bySystem = /(^|\/)(__MACOSX\/.*|\.DS_Store|\._[^/]*|Thumbs\.db|desktop\.ini)$/i;

/** The findings of an archive, as they grow. */
export interface Found<M extends SampledMember> {
  readonly list: Listing;
  readonly members: M[];
  readonly warnings: string[];
  /** Entries that are not directories. */
  files: number;
  /** Those that may be sampled; files that belong together count as one. */
  candidates: number;
  /** Files that the system left there, and that nobody meant to pack. */
  bySystem: number;
  endsEarly: boolean;
}

/** Findings of an archive of which nothing was read. */
export function nothingFound<M extends SampledMember>(bytes: number): Found<M> {
  const counts = { files: 0, candidates: 0, bySystem: 0, endsEarly: false };
  return { list: listing(bytes), members: [], warnings: [], ...counts };
}

/** Counts a file; true where it may be sampled. */
export function isCandidate(found: Found<SampledMember>, name: string): boolean {
  const isBySystem = bySystem.test(name);
  found.files += 1;
  if (isBySystem) found.bySystem += 1;
  else found.candidates += 1;
  return !isBySystem;
}

/** The facts of a sample of an archive that its findings tell. */
export function factsOf(
  found: Found<SampledMember>,
  most: number,
): { readonly rows: number; readonly complete: boolean; readonly cut?: Cut; warnings: string[] } {
  const warnings = [...found.warnings];
  if (found.bySystem > 0) {
    warnings.push(`listed only: ${found.bySystem} files that macOS or Windows made`);
  }
  const complete = isWhole(found);
  const cut = complete ? undefined : cutOf(found, most);
  const facts = { rows: found.list.count(), complete, warnings };
  return cut === undefined ? facts : { ...facts, cut };
}

/** True when nothing was left out. */
function isWhole({ list, members, files, endsEarly }: Found<SampledMember>): boolean {
  if (list.cut() !== undefined || endsEarly || files > members.length) return false;
  return members.every(({ complete }) => complete);
}

/** The limit that left something out; none where only damage or encryption did. */
function cutOf({ list, members, candidates }: Found<SampledMember>, most: number): Cut | undefined {
  if (list.cut() !== undefined) return list.cut();
  if (candidates > most) return "members";
  return members.find(({ cut }) => cut !== undefined)?.cut;
}
