import type { Bound, Rule, Severity, Unjudged } from "./contract.ts";
import {
  known,
  listIfAny,
  type Node,
  nodeAt,
  nodesAt,
  placeOf,
  Refusal,
  textAt,
  valueAt,
} from "./document.ts";

const metrics: Readonly<Record<string, Rule["metric"]>> = {
  rowCount: "rowCount",
  nullValues: "nullValues",
  missingValues: "missingValues",
  invalidValues: "invalidValues",
  duplicateValues: "duplicateValues",
  // Of version 3.0, under `rule`.
  duplicateCount: "duplicateValues",
  validValues: "invalidValues",
  nullCheck: "nullValues",
};

const operators: Readonly<Record<string, Bound["operator"]>> = {
  mustBe: "is",
  mustNotBe: "isNot",
  mustBeGreaterThan: "above",
  mustBeGreaterOrEqualTo: "atLeast",
  mustBeGreaterThanOrEqualTo: "atLeast",
  mustBeLessThan: "below",
  mustBeLessOrEqualTo: "atMost",
  mustBeLessThanOrEqualTo: "atMost",
  mustBeBetween: "between",
  mustNotBeBetween: "outside",
};

/**
 * Reads the quality rules of an object or a property: those of the library; all others are not
 * judged on samples. Source: docs/data-quality.md of ODCS.
 * @throws Refusal
 */
export function rulesOf(node: Node): { readonly rules: Rule[]; readonly unjudged: Unjudged[] } {
  const rules: Rule[] = [];
  const unjudged: Unjudged[] = [];
  for (const one of nodesAt(node, "quality")) {
    const rule = ruleOf(one);
    if ("metric" in rule) rules.push(rule);
    else unjudged.push(rule);
  }
  return { rules, unjudged };
}

function ruleOf(node: Node): Rule | Unjudged {
  const named = textAt(node, "metric") ?? textAt(node, "rule");
  const type = textAt(node, "type") ?? (named === undefined ? "text" : "library");
  if (type !== "library")
    return { check: "quality", reason: `type ${type}: not judged on samples` };
  if (named === undefined) throw new Refusal(node.at, "is of type library, and names no metric");
  const metric = Object.hasOwn(metrics, named) ? metrics[named] : undefined;
  if (metric === undefined) return { check: named, reason: "the metric is not known" };
  const said = nodeAt(node, "arguments") ?? node;
  const listed = metric === "missingValues" ? "missingValues" : "validValues";
  const values = valueAt(said, listed) ?? valueAt(node, listed);
  const bounds = boundsOf(node);
  if (metric === "invalidValues" && values === undefined && patternOf(said, node) === undefined) {
    return { check: metric, reason: "it says neither validValues nor a pattern" };
  }
  // Version 3.0 has rules that are only named: none may be invalid, or null.
  const isNamedOnly = bounds.length === 0 && /^(validValues|nullCheck)$/.test(named);
  if (bounds.length === 0 && !isNamedOnly) {
    return { check: metric, reason: "it says no bound" };
  }
  return {
    metric,
    percent: /^(percent|%)/i.test(textAt(node, "unit") ?? ""),
    severity: severityOf(textAt(node, "severity")),
    bounds: isNamedOnly ? [{ operator: "is", value: 0 }] : bounds,
    ...known({
      values: Array.isArray(values)
        ? values.map((one) => (one === null ? null : String(one)))
        : undefined,
      pattern: patternOf(said, node),
      columns: listIfAny(said, "properties")?.map(String),
    }),
  };
}

function patternOf(said: Node, node: Node): string | undefined {
  return textAt(said, "pattern") ?? textAt(node, "pattern");
}

function boundsOf(node: Node): Bound[] {
  return Object.entries(operators).flatMap(([key, operator]) => {
    const value = valueAt(node, key);
    if (value === undefined) return [];
    const numbers = [value].flat().map(Number);
    const isPair = operator === "between" || operator === "outside";
    if (numbers.length !== (isPair ? 2 : 1) || numbers.some((number) => !Number.isFinite(number))) {
      throw new Refusal(placeOf(node, key), isPair ? "is no pair of numbers" : "is no number");
    }
    const [first = 0, upper] = numbers;
    return [{ operator, value: first, ...(upper === undefined ? {} : { upper }) }];
  });
}

/** ODCS leaves the words open: `error`, `warning`, `info`, … */
function severityOf(text: string | undefined): Severity {
  return text !== undefined && /^(warn|info|minor|low)/i.test(text) ? "warn" : "fail";
}
