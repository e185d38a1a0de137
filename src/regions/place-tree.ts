import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode, Failure } from "../errors.ts";
import { outputFailure } from "../lake/errors.ts";
import { forEach } from "../lib/for-each.ts";
import { hashFile } from "../transfer/hash-file.ts";
import { syncDirectory } from "../transfer/sync-directory.ts";
import type { StagingDocument } from "./document.ts";
import { type ListedFile, readList } from "./file-list.ts";

/** The place of a file, absolute, and what it is called until it is whole. */
export interface Target {
  readonly path: string;
  readonly part: string;
}

/** Puts a file of a staging at its place, verified. @throws Failure */
export type Put = (file: ListedFile, target: Target) => Promise<void>;

/** Options of `placeTree`. */
export interface PlaceTree {
  /** The tree's place, absolute; its directory is there. */
  readonly path: string;
  readonly id: string;
  /** The list of its files. */
  readonly list: string;
  readonly put: Put;
  /** Files that are put at once. */
  readonly transfers: number;
}

const DIRECTORY_MODE = 0o750;

/**
 * Puts all files of a tree into a directory beside its place, then gives that its name. Files that an
 * earlier process put there stay.
 * @throws Failure, USAGE where something else has that name
 */
export async function placeTree({ path, id, list, put, transfers }: PlaceTree): Promise<void> {
  const whole = join(dirname(path), `.${basename(path)}.${id}`);
  const parts = `${whole}.part`;
  await makeDirectory(whole);
  await makeDirectory(parts);
  await forEach(readList(list), transfers, async (file) => {
    const target = join(whole, file.path);
    const there = await lstat(target).catch(() => undefined);
    // Only what was verified has its name there.
    if (there?.isFile() === true && there.size === file.bytes) return;
    await makeDirectory(dirname(target));
    const partName = createHash("sha256").update(file.path).digest("hex");
    await put(file, { path: target, part: join(parts, partName) });
  });
  await renamed(whole, path);
  await rm(parts, { recursive: true, force: true });
}

/**
 * Looks what is at a place: true where it has these files already, to the last byte; false where
 * there is nothing, or an empty directory.
 * @throws Failure USAGE where something else is there
 */
export async function isThere(
  path: string,
  kind: StagingDocument["kind"],
  list: string,
): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return false;
  const isDirectory = found.isDirectory();
  if (kind === "tree" && isDirectory && (await readdir(path)).length === 0) return false;
  if (isDirectory !== (kind === "tree")) throw taken(path);
  for await (const file of readList(list)) {
    const own = kind === "file" ? path : join(path, file.path);
    const there = await lstat(own).catch(() => undefined);
    if (there?.isFile() !== true || there.size !== file.bytes) throw taken(path);
    if ((await hashFile(own)) !== file.sha256) throw taken(path);
  }
  return true;
}

/** Makes a directory where there is none. @throws Failure */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
    if ((await lstat(path)).isDirectory()) return;
  } catch (error) {
    throw outputFailure(error, path);
  }
  throw new Failure("PATH_REFUSED", `${path} is no directory`);
}

function taken(path: string): Failure {
  return new Failure(
    "USAGE",
    `${path} is there already, and is not this: --dest names another place`,
  );
}

/** An empty directory may be there: the new one takes its place. */
async function renamed(from: string, path: string): Promise<void> {
  try {
    await rename(from, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    const isTaken = /^(ENOTEMPTY|EEXIST|ENOTDIR)$/.test(errorCode(error) ?? "");
    throw isTaken ? taken(path) : outputFailure(error, path);
  }
}
