import { errorMessage } from "../errors.ts";
import { isAcrossLines, isJsonLines } from "../formats/json/shape.ts";
import { scanValue } from "../formats/json/value.ts";
import { encodingOf } from "../lib/encoding.ts";
import { HEAD_BYTES } from "../lib/source.ts";
import { cellOf, isObject, parseJson } from "../decode/cell.ts";
import { viewJsonLines } from "./json-lines.ts";
import { recordsTable } from "./records.ts";
import { encodingFacts, textOf } from "../decode/text-of.ts";
import { viewText } from "./text.ts";
import type { Table } from "./types.ts";
import type { Shown, Viewer, ViewRequest } from "./viewer.ts";

/** Tables of a JSON object, at most. */
const MAX_TABLES = 20;
const MAX_FACTS = 200;
const MAX_DEPTH = 8;

/**
 * JSON: an array is a table, and so is each outermost array of an object; other members are facts.
 * Text that is not valid JSON is shown as JSON Lines or as text.
 */
export const viewJson: Viewer = (request) => {
  const decoded = textOf(request.bytes);
  let value: unknown;
  try {
    value = parseJson(decoded.text);
  } catch (error) {
    return viewOther(request, errorMessage(error));
  }
  const facts = encodingFacts(decoded);
  if (!isObject(value)) {
    return { facts, tables: [arrayTable(value, request)], warnings: decoded.warnings };
  }
  const found = partsOf(value, request.rows);
  return { ...found, facts: [...facts, ...found.facts] };
};

function arrayTable(value: unknown, { rows, counted }: ViewRequest): Table {
  if (Array.isArray(value)) return recordsTable({ values: value, rows, counted });
  return recordsTable({ values: [value], rows });
}

/** JSON Lines, or any other content of a file of that name. */
export const viewJsonLinesOrValues: Viewer = (request) => {
  const head = request.bytes.subarray(0, HEAD_BYTES);
  return isAcrossLines(head, encodingOf(head)) ? viewJson(request) : viewJsonLines(request);
};

/** Shows what a sampler kept although it is not one JSON value. */
function viewOther(request: ViewRequest, why: string): ReturnType<Viewer> {
  const { bytes, rows, counted } = request;
  if (isJsonLines(bytes, encodingOf(bytes))) return viewJsonLines(request);
  const values = valuesIn(textOf(bytes).text);
  if (values !== undefined) {
    return { facts: [], tables: [recordsTable({ values, rows, counted })], warnings: [] };
  }
  const { counted: _, ...rest } = request;
  const shown = viewText(rest) as Shown;
  return { ...shown, warnings: [`shown as text: ${why.slice(0, 200)}`, ...shown.warnings] };
}

/** The objects and arrays of a text, with commas or white space between; undefined for any other. */
function valuesIn(text: string): unknown[] | undefined {
  const bytes = Buffer.from(text);
  const values: unknown[] = [];
  let at = 0;
  try {
    for (;;) {
      while (isBetween(bytes[at])) at += 1;
      if (at === bytes.length) return values.length > 1 ? values : undefined;
      const { end } = scanValue(bytes, at);
      if (end === undefined) return undefined;
      values.push(parseJson(bytes.toString("utf8", at, end)));
      at = end;
    }
  } catch {
    return undefined;
  }
}

/** True when a byte is white space or a comma. */
function isBetween(byte: number | undefined): boolean {
  return byte !== undefined && (byte <= 0x20 || byte === 0x2c);
}

/** The tables and facts of an object. */
function partsOf(value: Readonly<Record<string, unknown>>, rows: number): Shown {
  const tables: Table[] = [];
  const facts: [string, string][] = [];
  let left = 0;
  collect(value, "", 0);
  if (Object.keys(value).length === 0) facts.push(["content", "an empty object"]);
  const warnings = left === 0 ? [] : [`${left} further members are not shown`];
  return { facts, tables, warnings };

  function collect(object: Readonly<Record<string, unknown>>, path: string, depth: number): void {
    for (const key of Object.keys(object)) {
      const member = object[key];
      const name = path === "" ? key : `${path}.${key}`;
      if (Array.isArray(member) && tables.length < MAX_TABLES) {
        tables.push(recordsTable({ title: name, values: member, rows }));
      } else if (isObject(member) && Object.keys(member).length > 0 && depth < MAX_DEPTH) {
        collect(member, name, depth + 1);
      } else if (facts.length < MAX_FACTS) {
        facts.push([name, cellOf(member) ?? "null"]);
      } else left += 1;
    }
  }
}
