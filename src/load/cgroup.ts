import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../errors.ts";

/** The kernel's directories; others in tests. */
export interface Kernel {
  /** `/proc` */
  readonly proc: string;
  /** `/sys/fs/cgroup` */
  readonly cgroups: string;
}

/** The kernel of this machine. */
export const thisKernel: Kernel = { proc: "/proc", cgroups: "/sys/fs/cgroup" };

/**
 * The nearest control group (version 2) of this process that has a limit and holds others besides
 * us; undefined where there is none, and the whole machine counts. A group of our own, as systemd
 * makes it for a service, says nothing of others. Source: kernel.org, admin-guide/cgroup-v2.
 */
export function limitingGroup(
  { proc, cgroups }: Kernel,
  hasLimit: (directory: string) => boolean,
): string | undefined {
  const line = readText(join(proc, "self/cgroup"))
    ?.split("\n")
    .find((each) => each.startsWith("0::"));
  if (line === undefined) return undefined;
  for (let path = line.slice(3); ; path = dirname(path)) {
    const directory = join(cgroups, path);
    if (!isOurs(directory) && hasLimit(directory)) return directory;
    if (path === "/" || path === ".") return undefined;
  }
}

/** Reads a file of the kernel; undefined where there is none. @throws errno */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** The number behind a key of a file such as `memory.stat`; undefined where there is none. */
export function numberIn(text: string | undefined, key: string): number | undefined {
  const found = new RegExp(`^${key}:?\\s+(\\d+)`, "m").exec(text ?? "");
  return found === null ? undefined : Number(found[1]);
}

function isOurs(directory: string): boolean {
  return readText(join(directory, "cgroup.procs"))?.trim() === String(process.pid);
}
