import type { Bound, Rule } from "./contract.ts";
import { type CheckResult, counted } from "./results.ts";

/** A number that a rule is about, as far as a sample knows it. */
export interface Measured {
  readonly column?: string;
  /** Rows of the sample that count. */
  readonly count: number;
  /** Rows of the sample. */
  readonly of: number;
  /** True where the number holds for the whole file; else that has at least as many. */
  readonly isWhole: boolean;
}

/**
 * The result of a rule. A sample that is not the whole file only knows that the number is not
 * smaller: bounds that this can refute are judged, the others are skipped.
 */
export function ruleResult(rule: Rule, { count, of, isWhole, ...about }: Measured): CheckResult {
  const { metric, percent, bounds, severity } = rule;
  const named = { ...about, check: metric };
  if (percent && !isWhole)
    return { ...named, result: "skipped", reason: "percentages need the whole file" };
  const value = percent ? (of === 0 ? 0 : (100 * count) / of) : count;
  const verdicts = new Set(bounds.map((bound) => verdictOf(bound, value, isWhole)));
  if (verdicts.has("refuted")) return counted(named, Math.max(1, count), { severity });
  if (verdicts.has("unknown"))
    return { ...named, result: "skipped", reason: "it needs the whole file" };
  return { ...named, result: "passed" };
}

type Verdict = "kept" | "refuted" | "unknown";

/** Judges a bound by the number, or by the least that it can be. */
function verdictOf(bound: Bound, value: number, isWhole: boolean): Verdict {
  if (isWhole) return isKept(bound, value) ? "kept" : "refuted";
  const { operator, value: first, upper = first } = bound;
  switch (operator) {
    case "is":
      return value > first ? "refuted" : first === 0 ? "kept" : "unknown";
    case "below":
      return value >= first ? "refuted" : "kept";
    case "atMost":
      return value > first ? "refuted" : "kept";
    case "above":
      return value > first ? "kept" : "unknown";
    case "atLeast":
      return value >= first ? "kept" : "unknown";
    case "between":
      return value > upper ? "refuted" : value >= first ? "kept" : "unknown";
    case "outside":
      return value > upper ? "kept" : "unknown";
    case "isNot":
      return value > first ? "kept" : "unknown";
  }
}

/** Both ends of `between` are within it: standards and tools differ there. */
function isKept({ operator, value: first, upper = first }: Bound, value: number): boolean {
  switch (operator) {
    case "is":
      return value === first;
    case "isNot":
      return value !== first;
    case "above":
      return value > first;
    case "atLeast":
      return value >= first;
    case "below":
      return value < first;
    case "atMost":
      return value <= first;
    case "between":
      return value >= first && value <= upper;
    case "outside":
      return value <= first || value >= upper;
  }
}
