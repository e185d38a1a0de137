import { errorMessage, Failure, NoSample } from "../errors.ts";
import { nameOf } from "../formats/tar/member.ts";
import { tarEntries } from "../formats/tar/walk.ts";
import { unpackBy } from "../formats/zip/methods.ts";
import { openZip } from "../formats/zip/reader.ts";
import { collect } from "../lib/collect.ts";
import { firstListed, listingTable } from "./listing.ts";
import { countText } from "../lib/text.ts";
import { defaultLimits } from "./take-sample.ts";
import { linesOf, textOf } from "../decode/text-of.ts";
import type { Table } from "./types.ts";
import type { Shown, ViewAny, ViewRequest } from "./viewer.ts";

/** The listing in a sample; a sample of a sample has another one, with a number. */
const LISTING = /^_manifest\.txt(~\d+)?$/;

/** One member of a sample. */
interface Member {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Reads the members of a sample, and warns of those that cannot be. */
type MembersOf = (request: ViewRequest, warnings: string[]) => Promise<readonly Member[]>;

/**
 * Shows the sample of an archive: the list of the archive's entries, then the members that are in
 * the sample.
 * @throws Failure FORMAT_INVALID
 */
export async function viewArchive(
  request: ViewRequest,
  membersOf: MembersOf,
  viewAny: ViewAny,
): Promise<Shown> {
  const { rows, counted } = request;
  const warnings: string[] = [];
  const [list, ...members] = await membersOf(request, warnings);
  let lines = list === undefined ? [] : linesOf(textOf(list.bytes));
  let shown = members.slice(0, defaultLimits.members);
  let all = counted;
  const [first] = members;
  // What was sampled is one of our samples: the listing to show is the one in it.
  if (first !== undefined && LISTING.test(first.name) && firstListed(lines) === "_manifest.txt") {
    lines = linesOf(textOf(first.bytes));
    shown = members.slice(1);
    all = undefined;
  }
  const listed = listingTable({ lines, rows, counted: all });
  const tables: Table[] = listed === undefined ? [] : [listed];
  for (const member of shown) {
    const view = await viewMember(member, request, viewAny, warnings);
    if (view !== undefined) tables.push(...view.tables.map((table) => titled(table, member)));
  }
  return { facts: [["entries", countText(all?.rows ?? lines.length)]], tables, warnings };
}

async function viewMember(
  { name, bytes }: Member,
  request: ViewRequest,
  viewAny: ViewAny,
  warnings: string[],
): Promise<Shown | undefined> {
  const { counted: _, ...rest } = request;
  const inner = { ...rest, bytes, name: name.slice(name.lastIndexOf("/") + 1) };
  try {
    const view = await viewAny({ ...inner, depth: request.depth + 1 });
    warnings.push(...view.warnings.map((warning) => `${name}: ${warning}`));
    return view;
  } catch (error) {
    warnings.push(`${name}: not shown: ${faultOf(error)}`);
    return undefined;
  }
}

function titled(table: Table, { name }: Member): Table {
  return { ...table, title: table.title === null ? name : `${name}: ${table.title}` };
}

/** Members of a zip. @throws Failure FORMAT_INVALID */
export async function membersOfZip(
  { bytes }: ViewRequest,
  warnings: string[],
): Promise<readonly Member[]> {
  const slice = async (start: number, end: number) => bytes.subarray(start, end);
  const archive = await openZip(slice, bytes.length);
  const members: Member[] = [];
  for await (const entry of archive.entries()) {
    try {
      const unpacked = await collect(unpackBy(entry.method, archive.stored(entry)));
      members.push({ name: entry.name, bytes: unpacked.bytes });
    } catch (error) {
      warnings.push(`${entry.name}: not shown: ${faultOf(error)}`);
    }
  }
  return members;
}

/** Members of a tar. @throws Failure FORMAT_INVALID */
export async function membersOfTar({ bytes }: ViewRequest): Promise<readonly Member[]> {
  const slice = async (start: number, end: number) => bytes.subarray(start, end);
  const members: Member[] = [];
  for await (const entry of tarEntries(slice, bytes.length)) {
    const { kind, dataAt, stored } = entry;
    if (kind !== "file") continue;
    members.push({ name: nameOf(entry), bytes: bytes.subarray(dataAt, dataAt + stored) });
  }
  return members;
}

/** Returns what is wrong with a member. @throws Failure FORMAT_INVALID for any other error */
function faultOf(error: unknown): string {
  if (error instanceof Failure || error instanceof NoSample) return error.message;
  throw new Failure("FORMAT_INVALID", `not an archive that can be shown: ${errorMessage(error)}`, {
    cause: error,
  });
}
