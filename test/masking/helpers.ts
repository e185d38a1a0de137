import { createSecretKey } from "node:crypto";
import { type MaskRule, maskOf, type MaskSettings } from "../../src/config/mask-settings.ts";
import { createMask } from "../../src/masking/mask.ts";
import { takeSample, type TakenSample } from "../../src/view/take-sample.ts";
import { defaultLimits, memorySource } from "../helpers/sample.ts";
import type { Limits } from "../../src/lib/limits.ts";

/** The key of tests. */
export const key = createSecretKey(Buffer.alloc(32, 7));

/** A rule, with what it need not say. */
export function rule(match: string | readonly string[], rest: Partial<MaskRule> = {}): MaskRule {
  return { match: [match].flat(), with: "token", domain: "", keys: false, ...rest };
}

/** Settings with some rules. */
export function settingsWith(
  columns: readonly MaskRule[],
  rest: Partial<MaskSettings> = {},
): MaskSettings {
  return maskOf(null, [{ key: "/key", columns, ...rest }]) as MaskSettings;
}

/** A masked sample of a file. */
export async function masked(
  name: string,
  content: string | Uint8Array,
  settings: MaskSettings,
  limits: Partial<Limits> = {},
): Promise<TakenSample & { readonly text: string }> {
  const mask = createMask(settings, key);
  const source = memorySource(name, Buffer.from(content));
  const { signal } = new AbortController();
  const bounds = { ...defaultLimits, ...limits };
  const request = { source, limits: bounds, signal, depth: 0, extensions: {} };
  const taken = await takeSample(request, mask);
  return { ...taken, text: String(taken.bytes) };
}
