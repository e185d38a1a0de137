import type { HeldDirectory } from "../lake/held-directory.ts";
import type { Checkpoint } from "./types.ts";
import { activeFile, isSameFile, type ManifestFile, type Rotated, rotatedFiles } from "./files.ts";
import { isCompressed } from "./generations.ts";

/** A file to read, the place to begin at, and whether the file is finished afterwards. */
export interface Segment {
  readonly file: ManifestFile;
  readonly offset: number;
  readonly line: number;
  /** True for a file that was renamed since: read to its end, it is only watched for a while. */
  readonly retires: boolean;
  /** Time since which a file is watched already, ms since epoch; null for others. */
  readonly retiredAt: number | null;
}

/**
 * The parts of a manifest that are to be read. `doubt` says why what is there cannot be what was
 * read before; once that is certain, everything is read again from 0.
 */
export interface ReadingPlan {
  readonly segments: readonly Segment[];
  readonly doubt?: string;
  /** Renamed files that are no longer watched. */
  readonly forgotten: readonly string[];
  /** Names that look like those of generations but are not read; undefined where nobody looked. */
  readonly skipped?: readonly string[];
  /** The active file, where there is no other and it was read to its end. */
  readonly allRead?: ManifestFile;
}

/** Time that a renamed file is watched, ms: its producer may hold it open. */
const WATCHED_MS = 3_600_000;
const CHANGED = "a compressed generation is not as long as when it was read";
const NOT_LOOKED: Partial<Rotated> & Pick<Rotated, "files"> = { files: [] };

/**
 * Compares a manifests directory with the checkpoints of its dataset.
 *
 * Rotation is a rename: the file that was read is found under another name by its inode, and read
 * to its end; then any younger files are read whole. Nothing is lost. Truncation (also after
 * copying) loses the lines that were not read before. It is recognised by the bytes before the
 * checkpoint, not by the size, which may be stale. A file that is gone may have been compressed:
 * then the generations are read again.
 * @throws errno of anything but absence.
 */
export async function planReading(
  directory: HeldDirectory,
  known: readonly Checkpoint[],
  now: number,
): Promise<ReadingPlan> {
  const current = known.find(({ retiredAt }) => retiredAt === null);
  const retired = known.filter(({ retiredAt }) => retiredAt !== null);
  if (current === undefined || (current.offset === 0 && retired.length === 0)) {
    return { ...(await planAll(directory)), forgotten: [] };
  }
  const active = await activeFile(directory);
  const isAlone = active?.id === current.file && retired.length === 0;
  const { files: rotated, skipped } = isAlone ? NOT_LOOKED : await rotatedFiles(directory);
  const find = (id: string) => [active, ...rotated].find((file) => file?.id === id);

  const read = find(current.file);
  if (read === undefined) return doubtful("the manifest that was read before is gone");
  if (!(await isSameFile(directory, read, current))) {
    return doubtful("the bytes before the checkpoint are not those that were read");
  }
  if (isChanged(read, current)) return doubtful(CHANGED);

  const older = read === active ? rotated : rotated.slice(0, rotated.indexOf(read));
  const segments: Segment[] = [];
  const seen = new Set([current.file]);
  for (const checkpoint of retired.toReversed()) {
    const file = find(checkpoint.file);
    // Another file can have the inode of one that is gone; it was not seen then. Where no bytes
    // can tell, order and name do: what retired is older than what is read, and no file becomes a
    // compressed one.
    if (file === undefined || !(await isSameFile(directory, file, checkpoint))) continue;
    const isOther = !older.includes(file) || isCompressed(file) !== isCompressed(checkpoint);
    if (checkpoint.offset === 0 && isOther) continue;
    seen.add(file.id);
    if (isChanged(file, checkpoint)) return doubtful(CHANGED);
    if (file.size <= checkpoint.offset) continue;
    const { offset, line, retiredAt } = checkpoint;
    segments.push({ file, offset, line, retires: false, retiredAt });
  }
  const isRotated = read !== active;
  const { offset, line } = current;
  // A file that has nothing new is not opened once more to find that out.
  if (isRotated || read.size > offset) {
    segments.push({ file: read, offset, line, retires: isRotated, retiredAt: null });
  }
  if (isRotated) segments.push(...younger(rotated, read, seen));
  if (isRotated && active !== undefined) segments.push(whole(active, false));
  const forgotten = retired.filter(
    ({ file, retiredAt }) => !seen.has(file) || now - (retiredAt ?? now) > WATCHED_MS,
  );
  const isAll = segments.length === 0 && retired.length === 0;
  return {
    segments,
    forgotten: forgotten.map(({ file }) => file),
    ...(skipped === undefined ? {} : { skipped }),
    ...(isAll ? { allRead: read } : {}),
  };
}

/** Plans to read everything that is there, oldest first. @throws errno */
export async function planAll(
  directory: HeldDirectory,
): Promise<{ readonly segments: readonly Segment[]; readonly skipped: readonly string[] }> {
  const { files, skipped } = await rotatedFiles(directory);
  const active = await activeFile(directory);
  const segments = files.map((file) => whole(file, true));
  if (active !== undefined) segments.push(whole(active, false));
  return { segments, skipped };
}

/** Ids of all files of a manifest. @throws errno */
export async function fileIds(directory: HeldDirectory): Promise<ReadonlySet<string>> {
  const { segments } = await planAll(directory);
  return new Set(segments.map(({ file }) => file.id));
}

/** The checkpoint before the first line of a segment's file. */
export function startOf({ file, retiredAt }: Segment): Checkpoint {
  return { file: file.id, path: file.path, offset: 0, line: 0, hash: "", retiredAt };
}

/** True for a compressed file that was read whole, and has another length since. */
function isChanged(file: ManifestFile, { offset }: Checkpoint): boolean {
  return isCompressed(file) && offset > 0 && file.size !== offset;
}

function doubtful(doubt: string): ReadingPlan {
  return { segments: [], doubt, forgotten: [] };
}

/** Generations that came and went while nobody looked: those after the one that was read. */
function younger(
  rotated: readonly ManifestFile[],
  read: ManifestFile,
  seen: ReadonlySet<string>,
): Segment[] {
  return rotated
    .slice(rotated.indexOf(read) + 1)
    .filter((file) => !seen.has(file.id))
    .map((file) => whole(file, true));
}

function whole(file: ManifestFile, retires: boolean): Segment {
  return { file, offset: 0, line: 0, retires, retiredAt: null };
}
