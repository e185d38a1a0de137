import { createHash, createHmac, type KeyObject } from "node:crypto";
import type { MaskSettings } from "../config/mask-settings.ts";
import { isMapping } from "../lib/mapping.ts";

/** Raised when the same rules and key mask a sample differently. */
const VERSION = 1;
const HEX_CHARACTERS = 16;

/** A hash of rules: equal for equal ones, whatever their key. */
export function rulesFingerprint(settings: MaskSettings): string {
  const text = JSON.stringify({ VERSION, ...settings, key: undefined }, sortedKeys);
  return createHash("sha256").update(text).digest("hex").slice(0, HEX_CHARACTERS);
}

/**
 * The sign that tells a mask from others, for receipts and the cache: its rules, and the key that it was
 * used with. Nothing can be told of the key but whether it is the same.
 */
export function maskFingerprint(settings: MaskSettings, key: KeyObject): string {
  const ofKey = createHmac("sha256", key).update("staging-sampler fingerprint").digest("hex");
  return `${rulesFingerprint(settings)}-${ofKey.slice(0, HEX_CHARACTERS)}`;
}

/** True when a sample that was made under a mask shows no more than these rules allow. */
export function isMadeUnder(settings: MaskSettings, mask: string | null | undefined): boolean {
  return mask?.startsWith(`${rulesFingerprint(settings)}-`) === true;
}

function sortedKeys(_: string, value: unknown): unknown {
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
