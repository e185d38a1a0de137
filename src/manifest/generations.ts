/** The file that is appended to. */
export const ACTIVE = "processed.jsonl";

/** Names that rotation gives: `processed.jsonl.1`, `processed-20260118.jsonl`, `processed.1.jsonl`. */
const generation = /^processed(\.jsonl[.-].+|[.-].+\.jsonl([.-].+)?)$/;
/**
 * Matches extensions of compressed files; those that cannot be read are refused, and never taken
 * for text.
 */
const packed =
  /\.(gz|gzip|bgzf?|zst|zstd|xz|bz2|bz|lz4|z|lzma|lz|lzo|lrz|br|sz|zip|7z|rar|tar|tgz|tzst|txz|tbz2?)$/i;
/** Matches names with a number that is greater the older the file is. */
const numbered = /\.jsonl\.\d{1,5}$/;
/** Matches names with a number that some programs count up, and others down. */
const ambiguous = /^processed\.\d{1,5}\.jsonl$/;

/** Fields of a file that generations are ordered by. */
interface Named {
  /** Name in the manifests directory. */
  readonly path: string;
  readonly mtimeMs: number;
}

/** True for a name that rotation may have given to a manifest. */
export function isGeneration(name: string): boolean {
  return generation.test(name);
}

/** True for a generation that was compressed; it is only ever read whole. */
export function isCompressed({ path }: Pick<Named, "path">): boolean {
  return packed.test(path);
}

/**
 * Leaves out compressed files beside the plain one that they are made of. Compression is going on,
 * or was broken off, and the plain file has all lines.
 */
export function withoutTwins<T extends Named>(files: readonly T[]): T[] {
  const plain = new Set(files.filter((file) => !isCompressed(file)).map(({ path }) => path));
  return files.filter((file) => !(isCompressed(file) && plain.has(stemOf(file))));
}

/**
 * Sorts generations, the oldest first. Names say more than times, which copying and compressing
 * change: `.2` is older than `.1`, and dates or counters in a name go up. Times decide only where
 * names are of several kinds.
 */
export function oldestFirst<T extends Named>(files: readonly T[]): T[] {
  const byName = (a: T, b: T) => stemOf(a).localeCompare(stemOf(b), "en", { numeric: true });
  if (files.every((file) => numbered.test(stemOf(file)))) {
    return files.toSorted((a, b) => byName(b, a));
  }
  if (files.every((file) => goesUp(stemOf(file)))) return files.toSorted(byName);
  return files.toSorted((a, b) => a.mtimeMs - b.mtimeMs || byName(b, a));
}

function goesUp(stem: string): boolean {
  return /\d/.test(stem) && !numbered.test(stem) && !ambiguous.test(stem);
}

function stemOf({ path }: Pick<Named, "path">): string {
  return path.replace(packed, "");
}
