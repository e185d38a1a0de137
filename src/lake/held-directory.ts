import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  type Stats,
  statSync,
  unlinkSync,
} from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "../errors.ts";
import { pathBelow } from "../lib/path-below.ts";
import { pathBytes, pathText } from "../lib/pep383.ts";
import { O_PATH, systemCalls } from "../system/system-calls.ts";

/**
 * A directory that is held by a descriptor: work in it stays in this one, even when its name leads
 * elsewhere meanwhile. Everything we change on disk below a lake goes through one
 * (docs/architecture.md).
 */
export interface HeldDirectory extends Disposable {
  readonly fd: number;
  /** The path at which it was found: for people, and to see whether it is still there. */
  readonly path: string;
  /** Tells it from every other directory of this machine. @throws errno */
  identity(): string;
}

const FILE_MODE = 0o640;
const DIRECTORY_MODE = 0o750;
const DIRECTORY = O_PATH | constants.O_DIRECTORY;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Holds the directory `real`, to which no link leads; it is known as `path`. Both are absolute.
 * @throws errno, as `SystemCalls`
 */
export function holdPlain(real: string, path: string): HeldDirectory {
  return heldByUs(systemCalls().open({ path: real }, DIRECTORY, 0), path);
}

/** Holds a directory, links followed; `path` is absolute. @throws errno */
export function holdDirectory(path: string): HeldDirectory {
  return held(openSync(pathBytes(path), DIRECTORY), path, closeSync);
}

/** Holds a directory beneath a held one, with no link on the way. @throws errno, as `SystemCalls` */
export function holdBeneath(parent: HeldDirectory, path: string): HeldDirectory {
  const fd = systemCalls().open({ directory: parent.fd, path }, DIRECTORY, 0);
  return heldByUs(fd, pathBelow(parent.path, path));
}

/** Holds what an entry of a held directory leads to, links followed. @throws errno */
export function holdThrough(parent: HeldDirectory, name: string): HeldDirectory {
  const fd = openSync(entryPath(parent, name), DIRECTORY);
  return held(fd, pathBelow(parent.path, name), closeSync);
}

/**
 * Calls `hold`; returns undefined where a part of the path is a link, or not a directory.
 * @throws errno
 */
export function unlessLinked(hold: () => HeldDirectory): HeldDirectory | undefined {
  try {
    return hold();
  } catch (error) {
    if (errorCode(error) === "ELOOP" || errorCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/**
 * The same as `holdBeneath`; makes the parts of the path that are missing, mode 0750.
 * @throws errno
 */
export function makeBeneath(parent: HeldDirectory, path: string): HeldDirectory {
  try {
    return holdBeneath(parent, path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
  const above = dirname(path);
  using folder = above === "." ? undefined : makeBeneath(parent, above);
  makeDirectory(folder ?? parent, path.slice(above === "." ? 0 : above.length + 1));
  return holdBeneath(parent, path);
}

/**
 * A path by which an entry is reached while its directory is held. The last part is followed where
 * it is a link: use O_NOFOLLOW, or a call that acts on the link itself.
 */
export function entryPath({ fd }: HeldDirectory, name = "."): string {
  return `/proc/self/fd/${fd}/${name}`;
}

/** The path that the kernel knows for a held directory: no part of it is a link. @throws errno */
export function realPath({ fd }: HeldDirectory): string {
  return pathText(readlinkSync(`/proc/self/fd/${fd}`, { encoding: "buffer" }));
}

/**
 * True while the path of a held directory still leads to it.
 * @throws errno where that cannot be seen
 */
export function isInPlace(directory: HeldDirectory): boolean {
  const found = statSync(directory.path, { bigint: true, throwIfNoEntry: false });
  return found !== undefined && identityIn(found) === directory.identity();
}

/** Makes a file that is not there yet, mode 0640; to be closed with `closeFile`. @throws errno */
export function createFile({ fd }: HeldDirectory, name: string): number {
  return systemCalls().open({ directory: fd, path: name }, CREATE, FILE_MODE);
}

/** Closes what `createFile` made: a file server may say only now what went wrong. @throws errno */
export function closeFile(fd: number): void {
  systemCalls().close(fd);
}

/** Gives an entry another name in its directory, in place of an entry that had it. @throws errno */
export function renameEntry({ fd }: HeldDirectory, from: string, to: string): void {
  systemCalls().rename(fd, from, to);
}

/** Gives a file one more name in its directory, which nothing has yet. @throws errno */
export function linkEntry(directory: HeldDirectory, from: string, to: string): void {
  linkSync(entryPath(directory, from), entryPath(directory, to));
}

/** Removes an entry that is not a directory; a link itself, not what it leads to. @throws errno */
export function removeEntry(directory: HeldDirectory, name: string): void {
  unlinkSync(entryPath(directory, name));
}

/** Stats an entry, and a link itself; undefined where there is none. @throws errno */
export function statEntry(directory: HeldDirectory, name: string): Stats | undefined {
  return lstatSync(entryPath(directory, name), { throwIfNoEntry: false });
}

function makeDirectory(parent: HeldDirectory, name: string): void {
  try {
    mkdirSync(entryPath(parent, name), { mode: DIRECTORY_MODE });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
}

function held(fd: number, path: string, close: (fd: number) => void): HeldDirectory {
  let known: string | undefined;
  return {
    fd,
    path,
    identity: () => (known ??= identityIn(fstatSync(fd, { bigint: true }))),
    [Symbol.dispose]: () => close(fd),
  };
}

/**
 * Holds a descriptor that `systemCalls` opened, and closes it there: Node keeps an account of its
 * own in each thread.
 */
function heldByUs(fd: number, path: string): HeldDirectory {
  return held(fd, path, systemCalls().close);
}

function identityIn({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}
