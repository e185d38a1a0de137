import type { Column, Contract, DataObject, Rule, Treatment } from "./contract.ts";
import { compilePatterns, type Finds, type Patterns } from "./patterns.ts";
import { type QuickTest, quickTestOf } from "./quick-test.ts";
import { testsOf, type Tests } from "./scalar-tests.ts";
import type { Form } from "./scalar-types.ts";

/** Settings of a dataset that say what a contract leaves open. */
export interface CheckSettings {
  readonly columns: {
    readonly extra: Treatment;
    readonly missingOptional: Treatment;
    readonly order: Treatment;
  };
  /** Text cells that count as null. */
  readonly nulls: readonly string[];
  /** True for the numbers of rows that fail. */
  readonly rows: boolean;
}

/** A quality rule of a column, and the function that is true for the values it counts. */
export interface CountedRule {
  readonly rule: Rule;
  /** Undefined where duplicates are counted, which takes all values. */
  readonly counts: ((value: unknown) => boolean) | undefined;
}

/** A column with its tests made. */
export interface ColumnPlan extends Tests {
  readonly column: Column;
  /** Its name within a record: `address.city`, `lines[].price`. */
  readonly path: string;
  readonly rules: readonly CountedRule[];
  readonly needsKeys: boolean;
  /** Of a cell of text. */
  readonly quick: QuickTest | undefined;
  readonly properties: readonly ColumnPlan[] | undefined;
  /** The property for each name. */
  readonly byName: ReadonlyMap<string, ColumnPlan>;
  readonly items: ColumnPlan | undefined;
}

/** An object of a contract with its tests made, for one form of values. */
export interface ObjectPlan {
  readonly object: DataObject;
  readonly record: ColumnPlan;
  /** Names of the columns that rows are told apart by: of the primary key, and of rules. */
  readonly keys: readonly (readonly string[])[];
}

/** A contract whose tests are made once for many samples. */
export interface CompiledContract {
  readonly contract: Contract;
  /** The plan for an object; made when it is first asked for. */
  plan(object: DataObject, form: Form): ObjectPlan;
}

/** Compiles a contract. Patterns are compiled now, all else when a sample asks for it. */
export async function compileContract(contract: Contract): Promise<CompiledContract> {
  const patterns = await compilePatterns(contract);
  const plans = new Map<string, ObjectPlan>();
  return {
    contract,
    plan(object, form) {
      const key = `${form} ${contract.objects.indexOf(object)}`;
      const plan = plans.get(key) ?? planOf(object, form, patterns);
      plans.set(key, plan);
      return plan;
    },
  };
}

function planOf(object: DataObject, form: Form, patterns: Patterns): ObjectPlan {
  const { record, primaryKey, rules } = object;
  const together = rules.flatMap(({ metric, columns }) =>
    metric === "duplicateValues" && columns !== undefined ? [columns] : [],
  );
  return {
    object,
    record: columnPlan(record, "", form, patterns),
    keys: [...(primaryKey.length === 0 ? [] : [primaryKey]), ...together],
  };
}

function columnPlan(column: Column, path: string, form: Form, patterns: Patterns): ColumnPlan {
  const tests = testsOf(column, form, patterns);
  const properties = column.properties?.map((one) =>
    columnPlan(one, path === "" ? one.names[0] : `${path}.${one.names[0]}`, form, patterns),
  );
  const unjudged = [...tests.unjudged];
  const rules = column.rules.flatMap((rule): CountedRule[] => {
    const finds = rule.pattern === undefined ? undefined : patterns(rule.pattern);
    if (finds === undefined || typeof finds === "function")
      return [{ rule, counts: countsOf(rule, finds) }];
    unjudged.push({ check: rule.metric, reason: finds.reason });
    return [];
  });
  return {
    ...tests,
    unjudged,
    column,
    path,
    rules,
    needsKeys: column.isUnique || rules.some(({ rule }) => rule.metric === "duplicateValues"),
    quick: form === "text" ? quickTestOf(column) : undefined,
    properties,
    byName: new Map(
      properties?.toReversed().flatMap((one) => one.column.names.map((name) => [name, one])),
    ),
    items: column.items && columnPlan(column.items, `${path}[]`, form, patterns),
  };
}

/** Tells the values that a rule counts; null is no value. */
function countsOf({ metric, values }: Rule, finds: Finds | undefined): CountedRule["counts"] {
  if (metric === "duplicateValues") return undefined;
  if (metric === "nullValues" || (metric === "missingValues" && values === undefined)) {
    return (value) => value === null;
  }
  const listed = values === undefined ? undefined : new Set(values);
  if (metric === "missingValues") return (value) => listed?.has(textOf(value)) === true;
  return (value) => {
    if (value === null) return false;
    return listed?.has(textOf(value)) === false || finds?.(String(value)) === false;
  };
}

function textOf(value: unknown): string | null {
  return value === null ? null : String(value);
}
