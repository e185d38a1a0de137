import { explained, type FailureCode } from "../errors.ts";
import type { SampleSummary } from "../formats/types.ts";
import type { MaskSettings } from "../config/mask-settings.ts";
import { MASK_IMPOSSIBLE, ownReason } from "./reasons.ts";
import { LEAKING, unmatchedWarning } from "./warnings.ts";

/** Codes whose messages tell of places, rights and time, and never of what is in a file. */
const OF_PLACES: ReadonlySet<FailureCode> = new Set([
  "FILE_MISSING",
  "FILE_UNREADABLE",
  "FORBIDDEN",
  "OUTPUT_FULL",
  "OUTPUT_UNWRITABLE",
  "PATH_REFUSED",
  "TIMEOUT",
  "UNREACHABLE",
  "URL_EXPIRED",
]);
const UNSHOWN = "a warning that could quote the file; its dataset is masked";

/** The message of a failure without anything of a file's content. */
export function neutralMessage(code: FailureCode, message: string): string {
  return OF_PLACES.has(code) ? message : explained(code).meaning;
}

/** A summary without anything of a file's content. */
export function neutralSummary(summary: SampleSummary, settings: MaskSettings): SampleSummary {
  const { reason } = summary;
  const own = ownWarnings(settings);
  const warnings = summary.warnings.map((warning) => neutralWarning(warning, own));
  const neutral = { ...summary, warnings: [...new Set(warnings)] };
  return reason === undefined ? neutral : { ...neutral, reason: ownReason(reason) };
}

/** The same of a warning; one of a member of an archive ends with its own. */
function neutralWarning(warning: string, own: readonly string[]): string {
  if (warning.includes(`${MASK_IMPOSSIBLE}: `)) return ownReason(warning);
  return own.find((one) => warning.endsWith(one)) ?? UNSHOWN;
}

/** All warnings that masking itself gives. */
function ownWarnings({ columns }: MaskSettings): readonly string[] {
  return [UNSHOWN, LEAKING, ...columns.map(unmatchedWarning)];
}
