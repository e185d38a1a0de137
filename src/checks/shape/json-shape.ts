import { isObject, kindOf, parseForKinds } from "../../decode/cell.ts";
import { linesOf, textOf } from "../../decode/text-of.ts";
import { encodingOf } from "../../lib/encoding.ts";
import { encodingName } from "./encoding-name.ts";
import { KINDS } from "./kinds.ts";
import { MAX_COLUMNS, type Shape, shortName } from "./shape.ts";

/** The shape of JSON Lines: the keys of its objects, and their values by their kinds. */
export function jsonLinesShape(bytes: Uint8Array): Shape {
  const lines = linesOf(textOf(bytes)).filter((line) => line.trim() !== "");
  return recordsShape("jsonl", bytes, lines.map(valueOf));
}

/**
 * The shape of JSON: keys of the objects in an array. Of an object the keys, and those of the
 * objects in its outermost arrays, as `array[].key`.
 */
export function jsonShape(bytes: Uint8Array): Shape {
  const value = valueOf(textOf(bytes).text);
  return recordsShape("json", bytes, Array.isArray(value) ? value : [withElements(value)]);
}

/** A JSON value; undefined for what is none. */
function valueOf(text: string): unknown {
  try {
    return parseForKinds(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** An object with the members of its arrays' first objects beside its own. */
function withElements(value: unknown): unknown {
  if (!isObject(value)) return value;
  const members = new Map<string, unknown>();
  for (const [key, member] of Object.entries(value)) {
    members.set(key, member);
    const first: unknown = Array.isArray(member) ? member.find(isObject) : undefined;
    if (!isObject(first)) continue;
    for (const [name, each] of Object.entries(first)) members.set(`${key}[].${name}`, each);
  }
  return Object.fromEntries(members);
}

function recordsShape(format: string, bytes: Uint8Array, values: readonly unknown[]): Shape {
  const places = new Map<string, number>();
  const names: string[] = [];
  const counts: number[] = [];
  const present: number[] = [];
  const objects = values.filter(isObject);
  for (const object of objects) {
    for (const [i, name] of Object.keys(object).entries()) {
      // Most records have their keys in one order.
      const place = names[i] === name ? i : placeOf(name);
      if (place >= MAX_COLUMNS) continue;
      present[place] = (present[place] ?? 0) + 1;
      const kind = KINDS.indexOf(kindOf(object[name]) as (typeof KINDS)[number]);
      const at = place * KINDS.length + kind;
      if (kind >= 0) counts[at] = (counts[at] ?? 0) + 1;
    }
  }
  return {
    format,
    dialect: encodingName(bytes, encodingOf(bytes)),
    names: names.slice(0, MAX_COLUMNS).map(shortName),
    isUnordered: true,
    always: present.map((count) => count === objects.length),
    counts,
    columnCount: names.length,
  };

  /** The place of a name in the order in which names came. */
  function placeOf(name: string): number {
    const known = places.get(name);
    if (known !== undefined) return known;
    places.set(name, names.push(name) - 1);
    if (names.length <= MAX_COLUMNS) counts.push(...KINDS.map(() => 0));
    return names.length - 1;
  }
}
