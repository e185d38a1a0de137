import { ownReason } from "./reasons.ts";

/** Facts that a description of a file may tell, besides the reason. */
const ALLOWED = ["size", "mtime", "type", "mediaType", "rows", "codec"] as const;

/**
 * A description without what it has of a file's content: lines, names of columns and sheets; and
 * without its name, unless it `isNamed`.
 */
export function withoutContent(
  bytes: Uint8Array,
  reason: string | undefined,
  isNamed: boolean,
): Uint8Array {
  const whole = JSON.parse(Buffer.from(bytes).toString()) as Readonly<Record<string, unknown>>;
  const allowed = isNamed ? ["original", ...ALLOWED] : ALLOWED;
  const kept = allowed.filter((key) => key in whole).map((key) => [key, whole[key]] as const);
  const description = { ...Object.fromEntries(kept), reason: ownReason(reason) };
  return Buffer.from(`${JSON.stringify(description, null, 2)}\n`);
}
