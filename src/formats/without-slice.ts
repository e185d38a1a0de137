import { Failure, NoSample } from "../errors.ts";
import type { Source } from "../lib/source.ts";

/**
 * The error for a format that is read from its end, in a source that cannot be: a failure where the
 * source is to blame; else what it is, such as a member of a container, speaks against it.
 */
export function withoutSlice({ name, whyNoSlice }: Source, what: string): Error {
  if (whyNoSlice === undefined) return new NoSample(what);
  return new Failure("LIMIT_EXCEEDED", `${name} is read from its end: ${whyNoSlice}`);
}
