import type { Settings } from "./settings.ts";

/** Time after `limits.seconds` at which a job that does not stop is ended with its thread, ms. */
export const GRACE_MS = 2000;
/**
 * Number of times a file is worked on before its outcome is known, at most: twice where its content
 * asks for another name.
 */
const TRIES = 2;

/** The longest time before the outcome of a file is known, ms. */
export function longestJobMs({
  limits,
  overrides,
}: Pick<Settings, "limits" | "overrides">): number {
  const seconds = overrides.map((each) => (each.limits?.["seconds"] as number | undefined) ?? 0);
  return TRIES * (1000 * Math.max(limits.seconds, ...seconds) + GRACE_MS);
}
