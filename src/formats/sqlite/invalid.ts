import { Failure } from "../../errors.ts";

/** The error for a file that is not what SQLite's format says. */
export function invalid(why: string): Failure {
  return new Failure("FORMAT_INVALID", `not a whole database: ${why}`);
}
