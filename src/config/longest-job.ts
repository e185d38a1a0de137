import type { Settings } from "./settings.ts";

/** A thread that does not end at `limits.seconds` is ended so much later (`workers/pool`), ms. */
const ENDING_MS = 2000;
/** A file whose content asks for another name is worked on twice before its outcome is known. */
const TRIES = 2;

/** What one file may take, at the most, before its outcome is known, ms. */
export function longestJobMs({
  limits,
  overrides,
}: Pick<Settings, "limits" | "overrides">): number {
  const seconds = overrides.map((each) => (each.limits?.["seconds"] as number | undefined) ?? 0);
  return TRIES * (1000 * Math.max(limits.seconds, ...seconds) + ENDING_MS);
}
