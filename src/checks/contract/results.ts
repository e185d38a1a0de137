import type { Severity, Treatment } from "./contract.ts";

/** The result of one check of a sample. Holds names and numbers, never a value. */
export interface CheckResult {
  /** `type`, `required`, `missing`, `rowCount`, … */
  readonly check: string;
  /** The column, where it is about one. */
  readonly column?: string;
  /** `passed`: nothing in the sample refutes it. */
  readonly result: "passed" | "failed" | "skipped";
  /** Of a failure. */
  readonly severity?: Severity;
  /** Rows that fail, or other things that are too many. */
  readonly count?: number;
  /** The reason why it is skipped, or what fails where the name does not tell. */
  readonly reason?: string;
  /** Numbers of rows that fail, from 1, 20 at most. */
  readonly rows?: readonly number[];
}

/**
 * The part of a file that a sample is: `first` rows, or `all`; else the strategy by which they were
 * chosen.
 */
export type SampledPart = "first" | "all" | "spread" | "reservoir";

/** Checks in the order in which they are told of; rules of quality follow. */
const ORDER: readonly string[] = [
  "file",
  "encoding",
  "delimiter",
  "header",
  "missing",
  "duplicate",
  "extra",
  "order",
  "shape",
  "type",
  "required",
  "enum",
  "pattern",
  "format",
  "minimum",
  "exclusiveMinimum",
  "maximum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
  "unique",
  "primaryKey",
];
const places = new Map(ORDER.map((check, place) => [check, place]));

/** Puts results in the order of checks. */
export function inOrder(results: readonly CheckResult[]): CheckResult[] {
  const placeOf = ({ check }: CheckResult) => places.get(check) ?? ORDER.length;
  return results.toSorted((a, b) => placeOf(a) - placeOf(b));
}

/** The result of a check by the number of things that fail. */
export function counted(
  about: Pick<CheckResult, "check" | "column">,
  count: number,
  { severity = "fail", ...more }: Pick<CheckResult, "severity" | "reason" | "rows"> = {},
): CheckResult {
  return count === 0
    ? { ...about, result: "passed" }
    : { ...about, result: "failed", severity, count, ...more };
}

/** The same for something whose consequence is a setting; none where it is ignored. */
export function treated(
  about: Pick<CheckResult, "check" | "column">,
  count: number,
  treatment: Treatment,
): CheckResult[] {
  return treatment === "ignore" ? [] : [counted(about, count, { severity: treatment })];
}
