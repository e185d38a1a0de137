import type { Rule } from "./contract.ts";
import type { ColumnPlan, ObjectPlan } from "./plan.ts";
import { type CheckResult, counted } from "./results.ts";
import { ruleResult } from "./rules.ts";
import type { Tally } from "./tally.ts";

/** Rows that are told apart by several columns. */
export interface Keys {
  /** Adds a row, whose fields `text` gives by their number. */
  add(text: (field: number) => string | null, isNull: (text: string) => boolean): void;
  results(isComplete: boolean): readonly CheckResult[];
}

interface Group {
  readonly fields: readonly number[];
  readonly seen: Set<string>;
  readonly rule: Rule | undefined;
  duplicates: number;
  nulls: number;
}

/** The keys of an object: undefined where it has none, or a column of theirs is missing. */
export function createKeys(
  { object, record }: ObjectPlan,
  columns: readonly (Tally | undefined)[],
): Keys | undefined {
  const groups: Group[] = [];
  const add = (names: readonly string[], rule?: Rule) => {
    const fields = names.map((name) => fieldOf(record.byName.get(name), columns));
    if (fields.includes(-1)) return;
    groups.push({ fields, seen: new Set(), rule, duplicates: 0, nulls: 0 });
  };
  if (object.primaryKey.length > 0) add(object.primaryKey);
  for (const rule of object.rules) if (rule.columns !== undefined) add(rule.columns, rule);
  if (groups.length === 0) return undefined;
  let rows = 0;
  return {
    add(text, isNull) {
      rows += 1;
      for (const group of groups) addTo(group, text, isNull);
    },
    results: (isComplete) => groups.map((group) => resultOf(group, rows, isComplete)),
  };
}

function fieldOf(plan: ColumnPlan | undefined, columns: readonly (Tally | undefined)[]): number {
  return plan === undefined ? -1 : columns.findIndex((tally) => tally?.plan === plan);
}

function addTo(
  group: Group,
  text: Parameters<Keys["add"]>[0],
  isNull: Parameters<Keys["add"]>[1],
): void {
  const parts = group.fields.map(text);
  if (parts.some((part) => part === null || isNull(part))) {
    group.nulls += 1;
    return;
  }
  const key = parts.length === 1 ? (parts[0] as string) : JSON.stringify(parts);
  if (group.seen.has(key)) group.duplicates += 1;
  else group.seen.add(key);
}

function resultOf({ rule, duplicates, nulls }: Group, rows: number, isWhole: boolean): CheckResult {
  if (rule !== undefined) return ruleResult(rule, { count: duplicates, of: rows, isWhole });
  return counted({ check: "primaryKey" }, duplicates + nulls);
}
