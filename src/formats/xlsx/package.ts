import { posix } from "node:path";
import { Failure, NoSample } from "../../errors.ts";
import type { Limits } from "../../lib/limits.ts";
import type { Source } from "../../lib/source.ts";
import { openZip, type OpenZip, type ZipEntry } from "../zip/reader.ts";
import { nothingRead, type Read, unpackMember } from "../zip/unpack.ts";
import { attributeOf, elementEnd, tagsIn, unescapeXml } from "./tags.ts";

/** Entries up to which a zip is taken for a document. */
const MAX_ENTRIES = 10_000;
/** Bytes of a part that is read whole, at most. */
const MAX_PART_BYTES = 4 * 1024 * 1024;

/** The parts of a document (ECMA-376 part 2, "Open Packaging Conventions"). */
export interface Package {
  readonly archive: OpenZip;
  /** Entries by the names of their parts, in the order of the directory. */
  readonly parts: ReadonlyMap<string, ZipEntry>;
}

/** A relationship of one part to another. */
export interface Relationship {
  readonly id: string;
  /** The last word of its type, such as `worksheet`. */
  readonly type: string;
  /** The name of the part that it leads to; undefined for what is outside of the package. */
  readonly target: string | undefined;
  /** Its place in the text of relationships. */
  readonly start: number;
  readonly end: number;
}

/**
 * Opens a package.
 * @throws Failure FORMAT_INVALID where it is no whole zip; NoSample where it has too many entries;
 * what reading throws.
 */
export async function openPackage(
  slice: NonNullable<Source["slice"]>,
  size: number,
): Promise<Package> {
  const archive = await openZip(slice, size);
  const parts = new Map<string, ZipEntry>();
  for await (const entry of archive.entries()) {
    if (parts.size >= MAX_ENTRIES) throw new NoSample(`more than ${MAX_ENTRIES} parts`);
    if (!entry.name.endsWith("/")) parts.set(partName(entry.name), entry);
  }
  return { archive, parts };
}

/** The name of a part as names are compared: without regard to case. */
export function partName(name: string): string {
  return name.replaceAll("\\", "/").replace(/^\/+/, "").toLowerCase();
}

/** The name of the part that has another's relationships. */
export function relationshipsPart(part: string): string {
  return posix.join(posix.dirname(part), "_rels", `${posix.basename(part)}.rels`);
}

/**
 * Yields a part's data, unpacked, and counts it in `read`.
 * @throws as `unpackMember`
 */
export function partData(
  { archive }: Package,
  entry: ZipEntry,
  limits: Pick<Limits, "ratio">,
  read: Read = nothingRead(),
): AsyncGenerator<Uint8Array, void, void> {
  return unpackMember(archive, entry, limits, read);
}

/**
 * The text of a small part, a character for each byte; undefined where the package has no such part.
 * @throws NoSample where it is not small; as `partData`
 */
export async function partText(
  document: Package,
  name: string,
  limits: Pick<Limits, "ratio">,
): Promise<string | undefined> {
  const entry = document.parts.get(name);
  if (entry === undefined) return undefined;
  const pieces: string[] = [];
  let bytes = 0;
  for await (const chunk of partData(document, entry, limits)) {
    bytes += chunk.length;
    if (bytes > MAX_PART_BYTES)
      throw new NoSample(`${name} is larger than ${MAX_PART_BYTES} bytes`);
    pieces.push(latin1(chunk));
  }
  const text = pieces.join("");
  if (isWide(text)) throw new NoSample(`${name} is not UTF-8`);
  return text;
}

/** Bytes as a text with a character for each. */
export function latin1({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString("latin1");
}

/** The meaning of a piece of text that has a character for each byte of UTF-8. */
export function textOf(piece: string): string {
  return unescapeXml(Buffer.from(piece, "latin1").toString("utf8"));
}

/** True for XML in UTF-16, read a character for each byte. */
export function isWide(text: string): boolean {
  return /^(?:\xff\xfe|\xfe\xff|\0<|<\0)/.test(text);
}

/** The relationships of a part, from the text that has them. */
export function relationshipsIn(text: string, part: string): Relationship[] {
  const found: Relationship[] = [];
  for (const tag of tagsIn(text)) {
    if (tag.local !== "Relationship" || tag.kind === "close") continue;
    const value = (name: string) => textOf(attributeOf(text, tag, name) ?? "");
    const type = value("Type");
    const isOutside = value("TargetMode") === "External";
    found.push({
      id: value("Id"),
      type: type.slice(type.lastIndexOf("/") + 1),
      target: isOutside ? undefined : targetOf(value("Target"), part),
      start: tag.start,
      end: elementEnd(text, tag),
    });
  }
  return found;
}

/** The name of the part that a target leads to, from the part that names it. */
function targetOf(path: string, part: string): string {
  return partName(path.startsWith("/") ? path : posix.join("/", posix.dirname(part), path));
}

/** The error for a document that breaks its specification. */
export function invalid(what: string): Failure {
  return new Failure("FORMAT_INVALID", `not a whole spreadsheet: ${what}`);
}
