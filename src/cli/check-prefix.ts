import { statSync } from "node:fs";
import { Failure } from "../errors.ts";

/** Checks that a prefix is there, as it is not while nothing is mounted. @throws Failure CONFIG_INVALID */
export function checkPrefix(prefix: string): void {
  if (statSync(prefix, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new Failure("CONFIG_INVALID", `the prefix ${prefix} is not a directory: is it mounted?`);
}
