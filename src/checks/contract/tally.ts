import { isMapping } from "../../lib/mapping.ts";
import type { CheckSettings, ColumnPlan } from "./plan.ts";
import type { Treatment } from "./contract.ts";
import { type CheckResult, counted, treated } from "./results.ts";
import { ruleResult } from "./rules.ts";
import { keyOf } from "./scalar-tests.ts";

/** Row numbers that are kept of a check. */
const MOST_ROWS = 20;
/** Names of members that are told of; more of them are data. */
const MOST_EXTRAS = 20;
/** The look of a name that is no data. */
const NAME = /^[A-Za-z_][\w. -]{0,63}$/;

/** The rows of a sample, as far as a column was judged. */
export interface Tally {
  readonly plan: ColumnPlan;
  /** Values, nulls included. */
  values: number;
  nulls: number;
  /** Records without it. */
  missing: number;
  wrongTypes: number;
  /** For each test, and each rule. */
  readonly failures: number[];
  readonly ruled: number[];
  /** Values that were there before. */
  duplicates: number;
  readonly keys: Set<string> | undefined;
  /** Numbers of rows by check; undefined where they are not asked for. */
  readonly rows: Map<string, number[]> | undefined;
  readonly properties: readonly Tally[] | undefined;
  readonly items: Tally | undefined;
  /** Members that the contract does not name. */
  readonly extras: Map<string, number>;
}

/** A tally for a sample. */
export function tallyOf(plan: ColumnPlan, settings: CheckSettings): Tally {
  return {
    plan,
    values: 0,
    nulls: 0,
    missing: 0,
    wrongTypes: 0,
    failures: plan.others.map(() => 0),
    ruled: plan.rules.map(() => 0),
    duplicates: 0,
    keys: plan.needsKeys ? new Set() : undefined,
    rows: settings.rows ? new Map() : undefined,
    properties: plan.properties?.map((one) => tallyOf(one, settings)),
    items: plan.items && tallyOf(plan.items, settings),
    extras: new Map(),
  };
}

/** Judges a value of a column; null for none. Rows are numbered from 1. Returns true where it has the type. */
export function judge(tally: Tally, value: unknown, row: number): boolean {
  const { plan, failures, ruled } = tally;
  tally.values += 1;
  for (let i = 0; i < ruled.length; i += 1) {
    if (plan.rules[i]?.counts?.(value) === true) ruled[i] = (ruled[i] as number) + 1;
  }
  if (value === null) {
    tally.nulls += 1;
    if (!plan.column.isNullable) note(tally, "required", row);
    return false;
  }
  if (plan.type?.isMet(value) === false) {
    tally.wrongTypes += 1;
    note(tally, "type", row);
    return false;
  }
  for (let i = 0; i < failures.length; i += 1) {
    const test = plan.others[i];
    if (test === undefined || test.isMet(value)) continue;
    failures[i] = (failures[i] as number) + 1;
    note(tally, test.check, row);
  }
  if (tally.keys !== undefined) addKey(tally, keyOf(value), row);
  return true;
}

/** Adds the key of a value, where its column has to be unique. */
export function addKey(tally: Tally, key: string, row: number): void {
  const { keys } = tally;
  if (keys === undefined) return;
  const before = keys.size;
  if (keys.add(key).size > before) return;
  tally.duplicates += 1;
  note(tally, "unique", row);
}

/** Judges a value of JSON and what is within it. */
export function judgeJson(tally: Tally, value: unknown, row: number): void {
  if (!judge(tally, value ?? null, row)) return;
  const { properties, items, plan } = tally;
  if (items !== undefined) {
    const all = Array.isArray(value)
      ? (value as readonly unknown[])
      : isMapping(value)
        ? Object.values(value)
        : [];
    for (const one of all) judgeJson(items, one, row);
  }
  if (properties === undefined || !isMapping(value)) return;
  for (const property of properties) {
    const name = property.plan.column.names.find((one) => Object.hasOwn(value, one));
    if (name !== undefined) judgeJson(property, value[name], row);
    else {
      property.missing += 1;
      if (property.plan.column.isRequired) note(property, "missing", row);
    }
  }
  for (const key of Object.keys(value)) {
    if (!plan.byName.has(key)) tally.extras.set(key, (tally.extras.get(key) ?? 0) + 1);
  }
}

function note({ rows }: Tally, check: string, row: number): void {
  if (rows === undefined) return;
  const known = rows.get(check) ?? [];
  if (known.length < MOST_ROWS && known.at(-1) !== row) known.push(row);
  rows.set(check, known);
}

/** Options of `resultsOf`. */
export interface ResultOptions {
  readonly settings: CheckSettings;
  /** True where the sample is the whole file. */
  readonly isComplete: boolean;
  readonly missingOptional: Treatment;
  /** True where members are named by keys of JSON. */
  readonly hasKeys: boolean;
}

/** The results of a column's checks, and of those within it. */
export function resultsOf(tally: Tally, options: ResultOptions): CheckResult[] {
  const { plan, rows } = tally;
  const { column, path } = plan;
  const about = path === "" ? {} : { column: path };
  const numbers = (check: string) => {
    const found = rows?.get(check);
    return found === undefined ? {} : { rows: found };
  };
  const results: CheckResult[] = plan.unjudged.map((one) => ({
    ...about,
    ...one,
    result: "skipped",
  }));
  const add = (check: string, count: number) =>
    results.push(counted({ ...about, check }, count, numbers(check)));

  if (plan.type !== undefined) add("type", tally.wrongTypes);
  if (!column.isNullable) add("required", tally.nulls);
  for (const [i, { check }] of plan.others.entries()) {
    const isCut = check === "minItems" && !options.isComplete;
    if (isCut)
      results.push({ ...about, check, result: "skipped", reason: "lists in a sample may be cut" });
    else add(check, tally.failures[i] as number);
  }
  if (column.isUnique) add("unique", tally.duplicates);
  for (const [i, { rule }] of plan.rules.entries()) {
    const count = rule.metric === "duplicateValues" ? tally.duplicates : (tally.ruled[i] as number);
    results.push(
      ruleResult(rule, { ...about, count, of: tally.values, isWhole: options.isComplete }),
    );
  }
  if (options.hasKeys) results.push(...memberResults(tally, options));
  const inner = [...(tally.properties ?? []), ...(tally.items === undefined ? [] : [tally.items])];
  return [...results, ...inner.flatMap((one) => resultsOf(one, options))];
}

/** Members of an object of JSON: those that are missing, and those that nobody named. */
function memberResults(
  { plan, properties = [], extras, values, nulls }: Tally,
  { settings, missingOptional }: ResultOptions,
): CheckResult[] {
  const { extra } = settings.columns;
  const missing = properties.flatMap(({ plan: { column, path }, missing: count, rows }) => {
    const about = { check: "missing", column: path };
    const numbers = rows?.get("missing");
    if (column.isRequired)
      return [counted(about, count, numbers === undefined ? {} : { rows: numbers })];
    // JSON leaves out what it does not have: none in all of the sample is worth a word.
    const isAbsent = values - nulls > 0 && count === values - nulls;
    return treated(about, isAbsent ? count : 0, missingOptional);
  });
  if (plan.properties === undefined) return missing;
  const treatment = plan.column.extra ?? extra;
  const names = [...extras.keys()];
  const prefix = plan.path === "" ? "" : `${plan.path}.`;
  if (names.length === 0) return [...missing, ...treated({ check: "extra" }, 0, treatment)];
  const areNames = names.length <= MOST_EXTRAS && names.every((name) => NAME.test(name));
  const found = areNames
    ? names.flatMap((name) =>
        treated({ check: "extra", column: `${prefix}${name}` }, extras.get(name) ?? 0, treatment),
      )
    : treated(
        { check: "extra", ...(plan.path === "" ? {} : { column: plan.path }) },
        names.length,
        treatment,
      );
  return [...missing, ...found];
}
