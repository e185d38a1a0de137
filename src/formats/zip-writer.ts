import yazl from "yazl";

/** The last second a zip's extended timestamp can hold. */
const MAX_MTIME = 0x7fffffff;
/** A zip takes 65,535 bytes, of which some make names unique. */
const MAX_NAME_BYTES = 65_000;
/** A listing that is no longer gains nothing by being compressed, and costs as much as a member. */
const SMALL_BYTES = 1024;
const LISTING_NAME = "_manifest.txt";

/** One member of a sample archive. */
export interface ZipMember {
  /** As the original has it; made safe here. */
  readonly name: string;
  readonly bytes: Buffer;
  /** Seconds since epoch. */
  readonly mtime: number;
  readonly isDeflated: boolean;
}

/**
 * Writes a zip of a listing and members, under names that stay inside whatever folder it is
 * unpacked into. Its times are the members', so the same input gives the same bytes.
 */
export async function* writeZip(
  list: Uint8Array,
  members: readonly ZipMember[],
): AsyncGenerator<Uint8Array, void, void> {
  const archive = new yazl.ZipFile();
  const used = new Set([LISTING_NAME]);
  const compress = list.length > SMALL_BYTES;
  archive.addBuffer(Buffer.from(list), LISTING_NAME, { mtime: new Date(0), compress });
  for (const { name, bytes, mtime, isDeflated } of members) {
    const unique = uniqueName(safeName(name), used);
    used.add(unique);
    archive.addBuffer(bytes, unique, {
      mtime: new Date(Math.min(Math.max(mtime, 0), MAX_MTIME) * 1000),
      compress: isDeflated,
    });
  }
  archive.end();
  for await (const chunk of archive.outputStream) yield chunk as Buffer;
}

function safeName(name: string): string {
  const parts = name
    .replaceAll("\\", "/")
    .replace(/^[a-zA-Z]:/, "")
    .split("/");
  const safe = parts
    .filter((part) => part !== "" && part !== ".")
    .map((part) => (part === ".." ? "_" : part.replaceAll("\0", "_")));
  const joined = cutName(safe.join("/")) || "_";
  // What is left of `C:C:` or `./C:` would be a drive again.
  return /^[a-zA-Z]:/.test(joined) ? `_${joined}` : joined;
}

/** As UTF-8 a name can have more bytes than it had, and than a zip takes. */
function cutName(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  return new TextDecoder()
    .decode(Buffer.from(name).subarray(0, MAX_NAME_BYTES))
    .replace(/\ufffd$/, "");
}

function uniqueName(name: string, used: ReadonlySet<string>): string {
  let unique = name;
  for (let count = 2; used.has(unique); count += 1) unique = `${name}~${count}`;
  return unique;
}
