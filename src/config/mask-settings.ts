/** The ways to mask a value. */
export const MASK_WAYS = ["token", "shape", "redact", "null", "year", "keep"] as const;

/** One of them. */
export type MaskWay = (typeof MASK_WAYS)[number];

/** A rule for columns by their names. */
export interface MaskRule {
  /** Globs, one of which has to match. */
  readonly match: readonly string[];
  readonly with: MaskWay;
  /** Equal values have equal tokens within a domain. */
  readonly domain: string;
  /** True where the keys of JSON objects are values too. */
  readonly keys: boolean;
}

/** Limits on what samples of a dataset may show. */
export interface MaskSettings {
  /** Path of the file with the key, absolute. */
  readonly key: string;
  /** The first that matches a column holds. */
  readonly columns: readonly MaskRule[];
  /** For columns that no rule matches. */
  readonly others: "keep" | "redact";
  /** For those of them that hold free text. */
  readonly text: "keep" | "redact";
  readonly names: "keep" | "redact";
  /** For masked values that stand elsewhere in the sample. */
  readonly leaks: "fail" | "redact" | "warn";
  /** For rules that match no column. */
  readonly unmatched: "warn" | "fail";
}

/** The settings that hold where a mask leaves them out. */
export const MASK_DEFAULTS: Omit<MaskSettings, "key"> = {
  columns: [],
  others: "keep",
  text: "redact",
  names: "keep",
  leaks: "fail",
  unmatched: "warn",
};

/** The settings of a mask that an override may set. */
export type MaskOverride = {
  readonly [K in keyof MaskSettings]?: MaskSettings[K] | undefined;
};

/**
 * The mask of a dataset, from that of the lake and the overrides for the dataset, of which later
 * ones win key by key. `null` is none, until a later one is given again. The configuration's check
 * has seen to it that there is a key.
 */
export function maskOf(
  all: MaskSettings | null,
  overrides: readonly (MaskOverride | null | undefined)[],
): MaskSettings | null {
  const given = [all, ...overrides].filter((one) => one !== undefined);
  if (given.at(-1) === null) return null;
  return Object.assign({}, MASK_DEFAULTS, ...given) as MaskSettings;
}
