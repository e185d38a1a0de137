import { decodeText } from "../../lib/encoding.ts";
import { isMapping } from "../../lib/mapping.ts";
import type { Checked } from "./check-text.ts";
import { createKeys } from "./keys.ts";
import type { CheckSettings, ObjectPlan } from "./plan.ts";
import { counted } from "./results.ts";
import { keyOf } from "./scalar-tests.ts";
import { judgeJson, resultsOf, type Tally, tallyOf } from "./tally.ts";

/** A sample of JSON, or of JSON Lines. */
export interface JsonSample {
  readonly bytes: Uint8Array;
  readonly isLines: boolean;
  readonly isComplete: boolean;
}

/** Checks JSON: the values of an array, or of the lines, are the rows; any other value is one. */
export function checkJson(sample: JsonSample, plan: ObjectPlan, settings: CheckSettings): Checked {
  const { values, broken } = valuesOf(sample, plan);
  const record = tallyOf(plan.record, settings);
  const keys = createKeys(plan, record.properties ?? []);
  for (const [i, value] of values.entries()) {
    judgeJson(record, value, i + 1);
    keys?.add(
      (field) => memberText(record.properties?.[field], value),
      () => false,
    );
  }
  const { isComplete } = sample;
  const missingOptional = plan.object.missingOptional ?? settings.columns.missingOptional;
  const isEmpty = values.length === 0 && broken === 0;
  return {
    rows: values.length + broken,
    results: [
      ...(isEmpty
        ? [counted({ check: "file" }, 1, { severity: "warn", reason: "it has no rows" })]
        : []),
      counted({ check: "shape" }, broken, { reason: "not valid JSON" }),
      ...resultsOf(record, { settings, isComplete, missingOptional, hasKeys: true }),
      ...(keys?.results(isComplete) ?? []),
    ],
  };
}

function memberText(tally: Tally | undefined, value: unknown): string | null {
  if (tally === undefined || !isMapping(value)) return null;
  const name = tally.plan.column.names.find((one) => Object.hasOwn(value, one));
  const member = name === undefined ? null : (value[name] ?? null);
  return member === null ? null : keyOf(member);
}

/** The rows of a text, and how many lines or texts are no JSON. */
function valuesOf(
  { bytes, isLines }: JsonSample,
  { object, record }: ObjectPlan,
): { readonly values: readonly unknown[]; readonly broken: number } {
  const text = decodeText(bytes);
  if (isLines) {
    const parsed = text
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map(parsedOf);
    const values = parsed.filter((value) => value !== undefined);
    return { values, broken: parsed.length - values.length };
  }
  const value = parsedOf(text);
  if (value === undefined) return { values: [], broken: 1 };
  // A document that is itself described as a list is one; any other list is one of records.
  const isRow = !Array.isArray(value) || (object.isDocument && record.column.type === "array");
  return { values: isRow ? [value] : (value as readonly unknown[]), broken: 0 };
}

/** Undefined for what is no JSON. */
function parsedOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
