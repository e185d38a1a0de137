import type { Dirent } from "node:fs";
import { opendir } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../errors.ts";
import { pathBelow } from "../lib/path-below.ts";
import { systemMessage } from "./errors.ts";
import { isAbsence } from "./roots.ts";

/** Entries of a directory that are read at once. */
const ENTRIES_AT_ONCE = 256;

/**
 * Yields what lies below a directory, at any depth, but for directories, in no order, with its path from
 * there; links are not followed. @throws Failure FILE_MISSING, FILE_UNREADABLE
 */
export async function* entriesBelow(
  directory: string,
  below = "",
): AsyncGenerator<{ readonly path: string; readonly entry: Dirent }, void, void> {
  const at = join(directory, below);
  const entries = await opendir(at, { bufferSize: ENTRIES_AT_ONCE }).catch((error: unknown) => {
    const code = isAbsence(error) ? "FILE_MISSING" : "FILE_UNREADABLE";
    throw new Failure(code, `${at}: ${systemMessage(error)}`, { cause: error });
  });
  for await (const entry of entries) {
    const path = below === "" ? entry.name : pathBelow(below, entry.name);
    if (entry.isDirectory()) yield* entriesBelow(directory, path);
    else yield { path, entry };
  }
}
