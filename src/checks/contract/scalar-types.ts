import { isMapping } from "../../lib/mapping.ts";
import type { Column, Unjudged } from "./contract.ts";
import { isIntegerText, isNumberText } from "./number-texts.ts";
import { type ReadTime, timeReader } from "./temporal.ts";

/**
 * The form of values: the text of cells, values of JSON, or the text of values that a schema gives
 * types to, dates and times by ISO 8601.
 */
export type Form = "text" | "json" | "typed";

/** A demand on one value that is not null. */
export interface Test {
  readonly check: string;
  readonly isMet: (value: unknown) => boolean;
}

/** A number; integers of more digits than a double holds are a bigint. */
export type Numeric = number | bigint;

const NOT_A_NUMBER = /^([+-]?inf(inity)?|nan)$/i;
const BOOLEAN = /^(true|false|1|0)$/i;
/** Digits that a number holds exactly. */
const EXACT_DIGITS = 15;

/** The reader of dates and times; undefined for other types, and for formats that are not known. */
export function readerOf(
  { type, options, withTime }: Column,
  form: Form,
  unjudged: Unjudged[],
): ReadTime | undefined {
  if (type !== "date" && type !== "timestamp" && type !== "time") return undefined;
  if (form === "typed") return timeReader(type, undefined, true);
  const read = timeReader(type, options.format, withTime === true);
  if (read === undefined) {
    unjudged.push({ check: "type", reason: `the format ${options.format} is not judged` });
  }
  return read;
}

/** The test of a column's type; undefined where any value has it, or it is not judged. */
export function typeTest(
  column: Column,
  form: Form,
  read: ReadTime | undefined,
  unjudged: Unjudged[],
): Test | undefined {
  const { type } = column;
  const test = (isMet: Test["isMet"]): Test => ({ check: "type", isMet });
  if (type === undefined) return undefined;
  if (type === "date" || type === "timestamp" || type === "time") {
    if (read === undefined) return form === "json" ? test(isText) : undefined;
    return test((value) => isText(value) && read(value) !== undefined);
  }
  if (form === "json") return test(jsonTypes[type]);
  if (type === "object" || type === "array" || type === "map") {
    unjudged.push({ check: "type", reason: `a cell of text is no ${type}` });
    return undefined;
  }
  return type === "string" ? undefined : test(textTypeOf(type, column));
}

const jsonTypes = {
  string: isText,
  integer: (value: unknown) => Number.isInteger(value),
  number: (value: unknown) => typeof value === "number",
  boolean: (value: unknown) => typeof value === "boolean",
  object: isMapping,
  map: isMapping,
  array: (value: unknown) => Array.isArray(value),
};

/** True for a text. */
export function isText(value: unknown): value is string {
  return typeof value === "string";
}

function textTypeOf(
  type: "integer" | "number" | "boolean",
  { spelling }: Column,
): (value: unknown) => boolean {
  if (type === "boolean") {
    const { trueValues, falseValues } = spelling;
    if (trueValues === undefined && falseValues === undefined) return isBoolean;
    const all = new Set([...(trueValues ?? ["true", "1"]), ...(falseValues ?? ["false", "0"])]);
    return (text) => all.has(text as string);
  }
  const plain = plainOf(spelling);
  const isSpelled = type === "integer" ? isIntegerText : isNumberText;
  if (plain === undefined && spelling.notANumber !== true) return isSpelled as Test["isMet"];
  return (text) => {
    const said = plain === undefined ? (text as string) : plain(text as string);
    return isSpelled(said) || (spelling.notANumber === true && NOT_A_NUMBER.test(said));
  };
}

function isBoolean(text: unknown): boolean {
  return text === "true" || text === "false" || BOOLEAN.test(text as string);
}

/** Spells a number as usual; undefined where it is spelled so. */
function plainOf({ decimal, group }: Column["spelling"]): ((text: string) => string) | undefined {
  if (decimal === undefined && group === undefined) return undefined;
  return (text) => {
    const joined = group === undefined ? text : text.replaceAll(group, "");
    if (decimal === undefined || decimal === ".") return joined;
    // A point is no decimal sign then.
    return joined.includes(".") ? "" : joined.replace(decimal, ".");
  };
}

/** The number that a value is, exactly; undefined where it is none. */
export function numberOf(
  { spelling, type }: Column,
  form: Form,
): (value: unknown) => Numeric | undefined {
  if (form === "json") return (value) => (typeof value === "number" ? value : undefined);
  const plain = plainOf(spelling);
  const isNumber = (type === "integer" || type === "number") && spelling.notANumber !== true;
  return (value) => {
    const text = plain === undefined ? (value as string) : plain(value as string);
    if (text.length > EXACT_DIGITS && isIntegerText(text)) return BigInt(text.replace("+", ""));
    // A value that does not have its type is not asked.
    return (isNumber && form === "text") || isNumberText(text) ? Number(text) : undefined;
  };
}
