import { accessSync, constants } from "node:fs";

/** V8's flags that keep each thread's heap small, for ever. The reason for each: docs/performance.md. */
export const LEAN_FLAGS: readonly string[] = [
  "--max-semi-space-size=1",
  "--optimize-for-size",
  "--heap-growing-percent=40",
  "--no-concurrent-recompilation",
  "--expose-gc",
];

/** The same for one pass: it is over before memory could grow, and takes a tenth less time so. */
export const PASS_FLAGS: readonly string[] = [
  "--max-semi-space-size=2",
  "--heap-growing-percent=25",
  "--expose-gc",
];

/** The same for malloc of glibc, mallopt(3); other C libraries ignore them. */
export const LEAN_MALLOC: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: "2",
  MALLOC_MMAP_THRESHOLD_: "36864",
  MALLOC_TRIM_THRESHOLD_: "65536",
};

/**
 * Gives this process those flags that it lacks, however it was started: Node takes them only at its start,
 * so the process image is replaced by a new one. PID, directory and standard streams stay. A flag
 * that somebody has set to another value stays so too. Returns where nothing is missing, or where
 * it cannot be done: the work is the same then, in more memory.
 */
export function becomeLean(wanted: readonly string[]): void {
  const { execve, execArgv, execPath, argv0, argv, env } = process;
  const has = new Set(execArgv.map(nameOf));
  const flags = wanted.filter((flag) => !has.has(nameOf(flag)));
  const isSet = Object.keys(LEAN_MALLOC).every((name) => env[name] !== undefined);
  if (execve === undefined || (flags.length === 0 && isSet)) return;
  // Node passes on text: bytes that are no UTF-8 would not arrive as they are.
  if ([...argv, ...Object.values(env)].some((text) => text?.includes("\ufffd"))) return;
  try {
    // What cannot be executed ends the process, on Node 24 at least.
    accessSync(execPath, constants.X_OK);
  } catch {
    return;
  }
  const args = [argv0, ...flags, ...execArgv, ...argv.slice(1)];
  execve.call(process, execPath, args, { ...LEAN_MALLOC, ...env });
}

/** The name of a flag: `--max-semi-space-size=1` and `--max_semi_space_size` are one. */
function nameOf(flag: string): string {
  return (flag.split("=", 1)[0] as string).replaceAll("_", "-");
}
