import { mkdirSync } from "node:fs";
import { type HeldDirectory, holdDirectory } from "../../src/lake/held-directory.ts";

/** Holds a directory of a test, to be let go; makes it where it is missing. */
export function held(path: string): HeldDirectory {
  mkdirSync(path, { recursive: true });
  return holdDirectory(path);
}
