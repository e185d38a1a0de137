import { Failure } from "../../errors.ts";

/** Thrown by what decodes a part of a stream that is too short. */
export const underflow = new Error("more of the stream is needed");

/** The error for a file that is not what ORC says. */
export function invalid(why: string): Failure {
  return new Failure("FORMAT_INVALID", `not a readable ORC: ${why}`);
}
