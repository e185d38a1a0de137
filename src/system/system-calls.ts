import { closeSync, constants, fstatSync, openSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { constants as os } from "node:os";
import { getSystemErrorMap } from "node:util";
import type koffi from "koffi";
import { closing, opened } from "./descriptors.ts";

const require = createRequire(import.meta.url);
const { O_DIRECTORY, O_NOFOLLOW } = constants;
const { ELOOP, EXDEV } = os.errno;

/** Flag of open(2) that finds a file of any kind without opening it. Node has no name for it. */
export const O_PATH = 0o10000000;

/** A path no part of which may be a link. */
export interface PlainPath {
  /**
   * Descriptor of the directory that the path begins in and must not leave; without one the path is
   * absolute.
   */
  readonly directory?: number;
  /** Without NUL. */
  readonly path: string;
}

/** System calls relative to a directory that is held by its descriptor. */
export interface SystemCalls {
  /**
   * Opens what a path leads to, without following any link, and returns its descriptor.
   * @throws errno: ELOOP or ENOTDIR for a link, EXDEV for a path that leads out of its directory
   */
  open(at: PlainPath, flags: number, mode: number): number;
  /** Closes what `open` opened. @throws errno */
  close(fd: number): void;
  /** Renames one entry of the directory to another name in it. @throws errno */
  rename(directory: number, from: string, to: string): void;
}

/** Linux: openat2(2) has one number on every architecture, and no wrapper in the C library. */
const OPENAT2 = 437;
const HOW_BYTES = 24;
/** Modes are below this. */
const MODES = 0o10000;
const RESOLVE_NO_MAGICLINKS = 0x02n;
const RESOLVE_NO_SYMLINKS = 0x04n;
const RESOLVE_BENEATH = 0x08n;
const PLAIN = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
/** Linux: the directory argument that stands for no directory. */
const AT_FDCWD = -100;

let chosen: SystemCalls | undefined;

/**
 * The calls of this machine, chosen once for each thread: those of the kernel, or, where openat2 is
 * refused (before Linux 5.6, or by a seccomp filter) or the C library cannot be called, steps
 * through `/proc/self/fd`.
 */
export function systemCalls(): SystemCalls {
  chosen ??= kernelCalls() ?? procCalls;
  return chosen;
}

/** The kernel's own calls, through koffi; undefined where they cannot be had. */
export function kernelCalls(): SystemCalls | undefined {
  try {
    const { errno, load } = require("koffi") as typeof koffi;
    const libc = load(null);
    const openat2 = libc.func("long syscall(long, int, const char *, const void *, size_t)");
    const close = libc.func("int close(int)");
    const renameat = libc.func("int renameat(int, const char *, int, const char *)");
    const plain = argumentsOf(PLAIN);
    const beneath = argumentsOf(PLAIN | RESOLVE_BENEATH);
    const calls: SystemCalls = {
      open({ directory, path }, flags, mode) {
        const how = (directory === undefined ? plain : beneath)(flags, mode);
        const fd = Number(openat2(OPENAT2, directory ?? AT_FDCWD, path, how, HOW_BYTES));
        return fd >= 0 ? opened(fd) : refuse(errno(), "openat2", path);
      },
      close(fd) {
        closing(fd);
        if (close(fd) !== 0) refuse(errno(), "close", String(fd));
      },
      rename(directory, from, to) {
        if (renameat(directory, from, directory, to) !== 0) refuse(errno(), "rename", to);
      },
    };
    calls.close(calls.open({ path: "/" }, O_PATH | O_DIRECTORY, 0));
    return calls;
  } catch {
    // Whatever keeps them from us, the other way does the same in more steps.
    return undefined;
  }
}

/**
 * Creates a function that makes openat2's `struct open_how`, once for each of the few pairs of
 * flags and mode.
 */
function argumentsOf(resolve: bigint): (flags: number, mode: number) => BigUint64Array {
  const known = new Map<number, BigUint64Array>();
  return (flags, mode) => {
    const pair = flags * MODES + mode;
    const how = known.get(pair) ?? new BigUint64Array([BigInt(flags), BigInt(mode), resolve]);
    known.set(pair, how);
    return how;
  };
}

/** The same with Node's own calls: a path is entered part by part, and each part is held. */
export const procCalls: SystemCalls = {
  open({ directory, path }, flags, mode) {
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    const leadsOut = directory !== undefined && (path.startsWith("/") || parts.includes(".."));
    if (leadsOut) refuse(EXDEV, "open", path);
    const last = parts.pop() ?? ".";
    let held = directory ?? openSync("/", O_PATH | O_DIRECTORY);
    try {
      for (const part of parts) {
        const next = openSync(`/proc/self/fd/${held}/${part}`, O_PATH | O_DIRECTORY | O_NOFOLLOW);
        if (held !== directory) closeSync(held);
        held = next;
      }
      return noLink(openSync(`/proc/self/fd/${held}/${last}`, flags | O_NOFOLLOW, mode), path);
    } finally {
      if (held !== directory) closeSync(held);
    }
  },
  close: closeSync,
  rename(directory, from, to) {
    renameSync(`/proc/self/fd/${directory}/${from}`, `/proc/self/fd/${directory}/${to}`);
  },
};

/** Refuses a link. O_PATH with O_NOFOLLOW finds the link itself. */
function noLink(fd: number, path: string): number {
  if (!fstatSync(fd).isSymbolicLink()) return fd;
  closeSync(fd);
  return refuse(ELOOP, "open", path);
}

/**
 * Throws an error of the system.
 * @throws Error as Node's own calls do: `code`, `errno`, `syscall` and `path`
 */
function refuse(errno: number, syscall: string, path: string): never {
  const unnamed = `Unknown system error -${errno}`;
  const [code, text] = getSystemErrorMap().get(-errno) ?? [unnamed, unnamed];
  const error = new Error(`${code}: ${text}, ${syscall} '${path}'`);
  throw Object.assign(error, { code, errno: -errno, syscall, path });
}
