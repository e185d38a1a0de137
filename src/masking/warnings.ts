import type { MaskRule } from "../config/mask-settings.ts";

/** The warning where masked values stand elsewhere, and the settings allow that. */
export const LEAKING = "mask: masked values stand elsewhere in the sample";

/** The warning of a rule that matches no column of a file. */
export function unmatchedWarning({ match }: Pick<MaskRule, "match">): string {
  return `mask: no column matches ${JSON.stringify(match)}`;
}
