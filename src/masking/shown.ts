import type { MaskSettings } from "../config/mask-settings.ts";
import { explained, Failure, type FailureCode, systemErrorIn } from "../errors.ts";
import { isMadeUnder } from "./fingerprint.ts";
import { neutralMessage } from "./neutral.ts";

/**
 * Checks that a sample may be shown: that it was made under these rules, or that there are none.
 * @throws Failure MASK_IMPOSSIBLE
 */
export function checkShown(
  settings: MaskSettings | null,
  { mask }: { readonly mask: string | null },
): void {
  if (settings === null || isMadeUnder(settings, mask)) return;
  const why = "the sample was made under another mask; it is made again once `run` has the new one";
  throw new Failure("MASK_IMPOSSIBLE", why);
}

/**
 * A record of receipts as it may be shown: what was written before these rules held could quote a
 * file.
 */
export function shownRecord<T extends { readonly [key: string]: unknown }>(
  record: T,
  settings: MaskSettings | null,
): T {
  const { mask, code } = record;
  if (settings === null || (typeof mask === "string" && isMadeUnder(settings, mask))) return record;
  const unquoted = { ...record, warnings: [], reason: undefined };
  if (typeof code !== "string") return { ...unquoted, message: undefined };
  return { ...unquoted, message: explained(code).meaning };
}

/** An error at a file of a masked dataset, without anything of its content. */
export function unquotedError(error: unknown): unknown {
  if (error instanceof Failure) {
    const { code, message } = error;
    return new Failure(code, neutralMessage(code, message));
  }
  if (systemErrorIn(error) !== undefined) return error;
  const code: FailureCode = "UNEXPECTED";
  return new Failure(code, explained(code).meaning);
}
