import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import type { RunOptions } from "../helpers/world.ts";
import { PATIENCE_MS } from "../helpers/child.ts";

/** Kinds of files that can stand where a regular file should be. */
export const specialKinds = [
  "a directory",
  "a FIFO",
  "a device",
  "a link out of the lake",
  "a dangling link",
  "a link to itself",
] as const;

/** One of them. */
export type SpecialKind = (typeof specialKinds)[number];

/** Makes one; `outside` is where a link leads. @throws where devices cannot be made */
export function makeSpecial(kind: SpecialKind, path: string, outside: string): void {
  if (kind === "a directory") mkdirSync(path);
  else if (kind === "a FIFO") execFileSync("mkfifo", [path]);
  else if (kind === "a device") execFileSync("mknod", [path, "c", "1", "5"]);
  else if (kind === "a link out of the lake") symlinkSync(outside, path);
  else if (kind === "a dangling link") symlinkSync(join(path, "../nowhere"), path);
  else symlinkSync(path, path);
}

/** The reason why there can be no such file here, or undefined. */
export function whyNoSpecial(kind: SpecialKind): string | undefined {
  if (kind !== "a device") return undefined;
  const path = join(tmpdir(), `sampler-device-${process.pid}`);
  try {
    execFileSync("mknod", [path, "c", "1", "5"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "no device can be made here (needs root)";
  } finally {
    rmSync(path, { force: true });
  }
}

/** Ends a run that waits for something it should not wait for; its exit code is null then. */
export const NEVER_HANGS: RunOptions = {
  onStart: (child) => void setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS).unref(),
};
