import { type BigIntStats, type Dirent, fstatSync, lstatSync, opendirSync } from "node:fs";
import type { RawSettings } from "../config/settings.ts";
import { entryPath, type HeldDirectory } from "../lake/held-directory.ts";
import type { HeldDataset } from "../lake/lake.ts";
import { isOnRemote } from "../lake/remote.ts";
import { pathBelow } from "../lib/path-below.ts";
import { pathBytes, pathText } from "../lib/pep383.ts";
import { stateOf } from "./changed.ts";
import { holdRaw } from "./hold.ts";
import { changesOf, ignoring, joinNames } from "./names.ts";
import { readinessOf } from "./ready.ts";
import { settledState } from "./settled-state.ts";
import type { ListedPage, Listing, ListingEnd, RawDirectory, RawFile } from "./types.ts";

/** Entries that are read from a directory at once: this takes a third of the time of `readdir`. */
const READ_AT_ONCE = 1024;
/** Files of a page, at most. */
export const PAGE = 4096;
/** Stands in a name for bytes that are no UTF-8. */
const NOT_UTF8 = "\ufffd";

/** Options of `listDirectory`; `now` is ms since epoch. */
export interface ListOptions {
  readonly raw: RawSettings;
  readonly now: number;
}

/**
 * Lists a directory of raw files, by names only; files that have come since are looked at
 * themselves. No link is followed, neither to the directory nor from it.
 * @throws errno; Failure PATH_REFUSED
 */
export function* listDirectory(
  dataset: HeldDataset,
  { path, before, known }: Listing,
  { raw, now }: ListOptions,
): Generator<ListedPage, void, void> {
  using directory = holdRaw(dataset, path);
  const found = fstatSync(directory.fd, { bigint: true });
  const entries = entriesIn(directory);
  const changedAt = Number(found.ctimeNs > found.mtimeNs ? found.ctimeNs : found.mtimeNs) / 1e6;
  const isRemote = isOnRemote(found.dev, directory.fd);
  const sight = { state: stateOf(found), changedAt, listedAt: now, isRemote };
  const state = settledState(sight, before);
  const end = { directory: { path, state, listedAt: now }, ...subdirectories(entries, path, raw) };
  const isAnew = isRelisted(raw, before, now);
  // A directory in which nothing came or went gives its names in the same order.
  if (entries.joined === known && !isAnew && raw.ready !== "marker") {
    yield { path, came: [], end: { ...end, gone: [] } };
    return;
  }
  const { files, markers } = filesIn(entries, raw);
  const changes = changesOf(known, files);
  const came = isAnew ? files : changes.came;
  const left = new Set<string>();
  let isWaiting = false;
  for (let at = 0; at < came.length; at += PAGE) {
    const page: RawFile[] = [];
    for (const name of came.slice(at, at + PAGE)) {
      const file = fileOf(directory, name, markers.get(name));
      if (typeof file === "object") page.push({ ...file, rests: rests(raw, file) });
      else left.add(name);
      isWaiting ||= file === "marked before";
    }
    yield { path, came: page };
  }
  const names = joinNames(left.size === 0 ? files : files.filter((name) => !left.has(name)));
  const listed = isWaiting ? { ...end.directory, state: "" } : end.directory;
  yield {
    path,
    came: [],
    end: { ...end, directory: listed, gone: changes.gone, ...(names === known ? {} : { names }) },
  };
}

/** True where known files are looked at again as well. */
function isRelisted(
  { restat, relistSeconds }: RawSettings,
  before: RawDirectory | undefined,
  now: number,
): boolean {
  return restat && before !== undefined && now - before.listedAt > relistSeconds * 1000;
}

/** A file that is empty may be a placeholder for one that comes. */
function rests({ ready }: RawSettings, { size }: Omit<RawFile, "rests">): boolean {
  return ready === "quiet" || size === 0;
}

/** The paths of directories in a directory that are to be listed as well, and counts. */
function subdirectories(
  entries: Entries,
  path: string,
  { ignore }: RawSettings,
): Pick<ListingEnd, "directories" | "count" | "unnamed"> {
  const isIgnored = ignoring(ignore);
  const entered = entries.directories.filter((name) => !isIgnored(name));
  const directories = entered
    .filter((name) => name.isWellFormed())
    .map((name) => pathBelow(path, name));
  const count = entries.files.length + entries.directories.length;
  return { directories, count, unnamed: entered.length - directories.length };
}

/** The names of files that may be complete, and the marker of each that needs one. */
function filesIn(
  entries: Entries,
  raw: RawSettings,
): { readonly files: readonly string[]; readonly markers: ReadonlyMap<string, string> } {
  const { isMarker, markerOf } = readinessOf(raw);
  const isIgnored = ignoring(raw.ignore);
  const there = new Set(entries.files.filter(isMarker));
  const files: string[] = [];
  const markers = new Map<string, string>();
  for (const name of entries.files) {
    if (isIgnored(name) || isMarker(name)) continue;
    const marker = markerOf(name);
    if (marker !== undefined && !there.has(marker)) continue;
    if (marker !== undefined) markers.set(name, marker);
    files.push(name);
  }
  return { files, markers };
}

interface Entries {
  /** Of regular files; of links, devices and others there are none. */
  readonly files: readonly string[];
  /** Their names, joined. */
  readonly joined: string;
  readonly directories: readonly string[];
}

/** All names of a directory, which is read once more where some are no UTF-8. */
function entriesIn(directory: HeldDirectory): Entries {
  const entries = readEntries(directory, "utf8");
  const isText = !entries.joined.includes(NOT_UTF8) && !entries.directories.some(isNoText);
  return isText ? entries : readEntries(directory, "buffer");
}

function isNoText(name: string): boolean {
  return name.includes(NOT_UTF8);
}

function readEntries(directory: HeldDirectory, encoding: "utf8" | "buffer"): Entries {
  const files: string[] = [];
  const directories: string[] = [];
  const options = { bufferSize: READ_AT_ONCE, encoding: encoding as BufferEncoding };
  const open = opendirSync(entryPath(directory), options);
  try {
    for (let entry = open.readSync(); entry !== null; entry = open.readSync()) {
      const name = nameOf(entry);
      if (entry.isFile()) files.push(name);
      else if (entry.isDirectory()) directories.push(name);
    }
  } finally {
    open.closeSync();
  }
  return { files, joined: joinNames(files), directories };
}

/** With the encoding `buffer` a name is its bytes, which Node's types do not know. */
function nameOf({ name }: { readonly name: Dirent["name"] | Uint8Array }): string {
  return pathText(name);
}

/** A name that is left out: gone meanwhile, no regular file, or changed after its marker was made. */
type LeftOut = "gone" | "marked before";

function fileOf(
  directory: HeldDirectory,
  name: string,
  marker: string | undefined,
): Omit<RawFile, "rests"> | LeftOut {
  const found = statName(directory, name);
  if (found?.isFile() !== true) return "gone";
  if (marker !== undefined) {
    const marked = statName(directory, marker);
    if (marked === undefined || marked.mtimeNs < found.mtimeNs) return "marked before";
  }
  const { ino, size, mtimeNs, ctimeNs } = found;
  return {
    name,
    mtime: Number(mtimeNs) / 1e9,
    size: Number(size),
    inode: String(ino),
    seen: `${mtimeNs}:${ctimeNs}:${size}:${ino}`,
  };
}

function statName(directory: HeldDirectory, name: string): BigIntStats | undefined {
  const path = pathBytes(entryPath(directory, name));
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}
