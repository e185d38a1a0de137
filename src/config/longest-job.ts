import type { Settings } from "./settings.ts";

/** A thread stops its job at `limits.seconds`; one that does not is ended this much later, ms. */
export const GRACE_MS = 2000;
/** A file whose content asks for another name is worked on twice before its outcome is known. */
const TRIES = 2;

/** The longest time before the outcome of a file is known, ms. */
export function longestJobMs({
  limits,
  overrides,
}: Pick<Settings, "limits" | "overrides">): number {
  const seconds = overrides.map((each) => (each.limits?.["seconds"] as number | undefined) ?? 0);
  return TRIES * (1000 * Math.max(limits.seconds, ...seconds) + GRACE_MS);
}
