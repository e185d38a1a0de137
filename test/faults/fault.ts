import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import type { Lake } from "./lake.ts";

/** A fault of one kind of call on one file. */
export interface Fault {
  /**
   * The kernel's call, or, with `inLibrary`, libc's: `open`, `stat`, `read`, `write`, `close`,
   * `ftruncate`, `rename`, `unlink`, several of them, or `short` for half of every read and write.
   */
  readonly call: string;
  /** An errno's name; empty for `short`, and, with `inLibrary`, where the program is killed. */
  readonly errno: string;
  /** Below the prefix. With `inLibrary` any part of the path; undefined for any path. */
  readonly path?: string;
  /** The n-th such call fails, from 1, in each thread; with a `+` all that follow too. */
  readonly nth?: string;
  /** True for files whose names are not known before, or that are reached from a held directory: strace compares whole paths. */
  readonly inLibrary?: boolean;
  /** With `inLibrary`: the call is made, but says that it failed. */
  readonly isAnswerLost?: boolean;
}

/** The way to start the program so that a fault meets it. */
export interface Behind {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** True when the fault was reached; known once the program has ended. */
  readonly isReached: () => boolean;
}

/** Stands for all that follow. */
const ALL = 1_000_000;
/** All threads, without a word about them. */
const QUIET = ["-f", "-qq"] as const;
const source = join(import.meta.dirname, "fault.c");

/** The reason why faults cannot be injected here, or undefined. */
export function whyNoFaults(): string | undefined {
  const traced = spawnSync("strace", [...QUIET, "-o", "/dev/null", "true"], { encoding: "utf8" });
  if (traced.error !== undefined) return "strace is not installed";
  if (traced.status !== 0) return `strace cannot trace: ${traced.stderr.trim()}`;
  return spawnSync("cc", ["--version"]).status === 0 ? undefined : "there is no C compiler";
}

/** Builds what is loaded into the program for faults with `inLibrary`; returns its path. */
export function buildLibrary(directory: string): string {
  const library = join(directory, "fault.so");
  const flags = ["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library];
  const { status, stderr } = spawnSync("cc", [...flags, source, "-ldl"], { encoding: "utf8" });
  if (status !== 0) throw new Error(`cannot compile ${source}: ${stderr}`);
  return library;
}

/** Returns the way to start the program so that it meets a fault. */
export function behind(fault: Fault, lake: Pick<Lake, "root" | "prefix">, library: string): Behind {
  return fault.inLibrary === true ? byLibrary(fault, lake, library) : byKernel(fault, lake);
}

function byKernel(
  { call, errno, path, nth = "1" }: Fault,
  { root, prefix }: Pick<Lake, "root" | "prefix">,
): Behind {
  const log = join(root, "strace");
  const only = path === undefined ? [] : ["-P", join(prefix, path)];
  const inject = ["-e", `trace=${call}`, "-e", `inject=${call}:error=${errno}:when=${nth}`];
  return {
    command: ["strace", ...QUIET, ...only, ...inject, "-o", log],
    env: {},
    isReached: () => existsSync(log) && readFileSync(log, "latin1").includes("(INJECTED)"),
  };
}

function byLibrary(
  fault: Fault,
  { root, prefix }: Pick<Lake, "root" | "prefix">,
  library: string,
): Behind {
  const { call, errno, path = "", nth = "1", isAnswerLost = false } = fault;
  const log = join(root, "faults");
  const numbers: Readonly<Record<string, number>> = constants.errno;
  return {
    command: [],
    env: {
      LD_PRELOAD: library,
      FAULT_CALL: call,
      FAULT_PATH: path === "" ? `${prefix}/` : path,
      FAULT_ERRNO: String(numbers[errno] ?? 0),
      FAULT_FROM: String(Number.parseInt(nth)),
      FAULT_TIMES: String(nth.endsWith("+") ? ALL : 1),
      FAULT_LOG: log,
      ...(isAnswerLost ? { FAULT_AFTER: "1" } : {}),
    },
    isReached: () => existsSync(log),
  };
}
