import { isMapping } from "../../lib/mapping.ts";
import type { Column, Options, Unjudged } from "./contract.ts";
import type { Patterns } from "./patterns.ts";
import {
  type Form,
  isText,
  type Numeric,
  numberOf,
  readerOf,
  type Test,
  typeTest,
} from "./scalar-types.ts";
import { type ReadTime, timeBound, timeReader } from "./temporal.ts";

/** The demands on a column's values. A value that does not have the type is asked no further. */
export interface Tests {
  readonly type: Test | undefined;
  readonly others: readonly Test[];
  readonly unjudged: readonly Unjudged[];
}

const WIDTH = /^([iu])(8|16|32|64|128)$/;

const formats: Readonly<Record<string, RegExp>> = {
  uuid: /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i,
  email: /^[^\s@]+@[^\s@]+$/,
  ipv4: /^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(?!$)|$)){4}$/,
  hostname: /^(?=.{1,253}$)[\da-z]([\da-z-]{0,61}[\da-z])?(\.[\da-z]([\da-z-]{0,61}[\da-z])?)*$/i,
  uri: /^[a-z][a-z\d+.-]*:[^\s]*$/i,
};

/** The tests of a column, for values of one form. */
export function testsOf(column: Column, form: Form, patterns: Patterns): Tests {
  const unjudged: Unjudged[] = [...column.unjudged];
  const read = readerOf(column, form, unjudged);
  const type = form === "typed" ? undefined : typeTest(column, form, read, unjudged);
  const others = [
    ...bounds(column, form, read, unjudged),
    ...lengths(column.options),
    ...sizes(column.options, form),
    ...formatTests(column, form, unjudged),
    ...enumTests(column, form),
    ...patternTests(column.options, patterns, unjudged),
  ];
  return { type, others, unjudged };
}

const comparisons = {
  minimum: (value: Numeric, bound: number) => value >= bound,
  maximum: (value: Numeric, bound: number) => value <= bound,
  exclusiveMinimum: (value: Numeric, bound: number) => value > bound,
  exclusiveMaximum: (value: Numeric, bound: number) => value < bound,
};

function bounds(
  column: Column,
  form: Form,
  read: ReadTime | undefined,
  unjudged: Unjudged[],
): Test[] {
  const { options, type } = column;
  const isTime = type === "date" || type === "timestamp" || type === "time";
  const measure: (value: unknown) => Numeric | undefined = isTime
    ? (value) => (isText(value) ? read?.(value) : undefined)
    : numberOf(column, form);
  const tests: Test[] = [];
  for (const [check, isWithin] of Object.entries(comparisons)) {
    const said = options[check as keyof typeof comparisons];
    if (said === undefined) continue;
    const bound = isTime ? read && timeBound(String(said), read) : Number(said);
    if (bound === undefined || Number.isNaN(bound) || type === "string" || type === "boolean") {
      unjudged.push({ check, reason: `a bound that is no ${type ?? "number"}` });
      continue;
    }
    tests.push({
      check,
      isMet(value) {
        const measured = measure(value);
        return measured === undefined || isWithin(measured, bound);
      },
    });
  }
  const { multipleOf } = options;
  if (multipleOf !== undefined && multipleOf > 0) {
    tests.push({ check: "multipleOf", isMet: (value) => isMultiple(measure(value), multipleOf) });
  }
  return tests;
}

function isMultiple(value: Numeric | undefined, of: number): boolean {
  if (value === undefined) return true;
  if (typeof value === "bigint") return !Number.isInteger(of) || value % BigInt(of) === 0n;
  const ratio = value / of;
  // Of 0.1, 0.3 is one: the ratio is 2.9999999999999996.
  return Math.abs(ratio - Math.round(ratio)) <= 1e-9 * Math.max(1, Math.abs(ratio));
}

function lengths({ minLength, maxLength }: Options): Test[] {
  const tests: Test[] = [];
  const add = (check: string, isMet: (text: string) => boolean) =>
    tests.push({ check, isMet: (value) => !isText(value) || isMet(value) });
  // A character has two units at most.
  if (minLength !== undefined) {
    add(
      "minLength",
      (text) =>
        text.length >= minLength && (text.length >= 2 * minLength || lengthOf(text) >= minLength),
    );
  }
  if (maxLength !== undefined) {
    add(
      "maxLength",
      (text) =>
        text.length <= maxLength || (text.length <= 2 * maxLength && lengthOf(text) <= maxLength),
    );
  }
  return tests;
}

/** The number of characters. */
function lengthOf(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i += 1) {
    length += 1;
    if ((text.codePointAt(i) as number) > 0xffff) i += 1;
  }
  return length;
}

/** Tests of lists and objects. */
function sizes(options: Options, form: Form): Test[] {
  if (form !== "json") return [];
  const { minItems, maxItems, uniqueItems, minProperties, maxProperties } = options;
  const tests: Test[] = [];
  const ofList = (check: string, isMet: (list: readonly unknown[]) => boolean) =>
    tests.push({ check, isMet: (value) => !Array.isArray(value) || isMet(value) });
  const ofObject = (check: string, isMet: (members: number) => boolean) =>
    tests.push({ check, isMet: (value) => !isMapping(value) || isMet(Object.keys(value).length) });
  if (minItems !== undefined) ofList("minItems", ({ length }) => length >= minItems);
  if (maxItems !== undefined) ofList("maxItems", ({ length }) => length <= maxItems);
  if (uniqueItems === true)
    ofList("uniqueItems", (list) => new Set(list.map(keyOf)).size === list.length);
  if (minProperties !== undefined) ofObject("minProperties", (members) => members >= minProperties);
  if (maxProperties !== undefined) ofObject("maxProperties", (members) => members <= maxProperties);
  return tests;
}

/** A text that is the same for equal values. */
export function keyOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function formatTests({ type, options }: Column, form: Form, unjudged: Unjudged[]): Test[] {
  const { format } = options;
  if (format === undefined || type === "date" || type === "timestamp" || type === "time") return [];
  const [, sign, bits] = WIDTH.exec(format) ?? [];
  if (type === "integer" && bits !== undefined)
    return [widthTest(sign === "i", Number(bits), form)];
  if (/^(f32|f64|password|byte|binary|any|default)$/.test(format) || type === "number") return [];
  const read = timeOf(format);
  if (read !== undefined)
    return [{ check: "format", isMet: (value) => !isText(value) || read(value) !== undefined }];
  const pattern = Object.hasOwn(formats, format) ? formats[format] : undefined;
  if (pattern === undefined) {
    unjudged.push({ check: "format", reason: `the format ${format} is not judged` });
    return [];
  }
  return [{ check: "format", isMet: (value) => !isText(value) || pattern.test(value) }];
}

/** The reader of a text that is a date or time by its format. */
function timeOf(format: string): ReadTime | undefined {
  if (format === "date-time") return timeReader("timestamp", undefined, true);
  return format === "date" || format === "time" ? timeReader(format, undefined, false) : undefined;
}

/** A test of integers of so many bits. */
function widthTest(isSigned: boolean, bits: number, form: Form): Test {
  const size = 1n << BigInt(isSigned ? bits - 1 : bits);
  const least = isSigned ? -size : 0n;
  return {
    check: "format",
    isMet(value) {
      if (form === "json") return Number(value) >= Number(least) && Number(value) <= Number(size);
      const number = BigInt((value as string).replace("+", ""));
      return number >= least && number < size;
    },
  };
}

function enumTests(column: Column, form: Form): Test[] {
  const { enum: values } = column.options;
  if (values === undefined) return [];
  if (form === "json") {
    const all = new Set(values.map(typedKey));
    return [{ check: "enum", isMet: (value) => all.has(typedKey(value)) }];
  }
  const texts = new Set(values.map(keyOf));
  const isNumeric = column.type === "integer" || column.type === "number";
  const numbers = new Set(isNumeric ? values.map(Number) : []);
  const measure = numberOf(column, form);
  return [
    {
      check: "enum",
      isMet: (text) => texts.has(text as string) || numbers.has(Number(measure(text))),
    },
  ];
}

/** A text that tells the number 1 from its text. */
function typedKey(value: unknown): string {
  return JSON.stringify(value) ?? "";
}

function patternTests({ pattern }: Options, patterns: Patterns, unjudged: Unjudged[]): Test[] {
  if (pattern === undefined) return [];
  const found = patterns(pattern);
  if (typeof found !== "function") {
    unjudged.push({ check: "pattern", reason: found.reason });
    return [];
  }
  return [{ check: "pattern", isMet: (value) => !isText(value) || found(value) }];
}
