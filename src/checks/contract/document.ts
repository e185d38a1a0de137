import { isMapping } from "../../lib/mapping.ts";

/** Thrown where a contract cannot be read: a place in it, and what is wrong there. */
export class Refusal extends Error {
  constructor(at: string, why: string) {
    super(at === "" ? why : `${at}: ${why}`);
    this.name = "Refusal";
  }
}

/** An object of a document, and its place: `schema[0].properties[2]`. */
export interface Node {
  readonly at: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** The node for a value. @throws Refusal where that is no object */
export function nodeOf(value: unknown, at: string): Node {
  if (!isMapping(value)) throw new Refusal(at, "is no mapping of keys to values");
  return { at, value };
}

/** The place of a key of a node. */
export function placeOf({ at }: Node, key: string): string {
  return at === "" ? key : `${at}.${key}`;
}

/** The text at a key; numbers are taken as they are written. @throws Refusal for anything else */
export function textAt(node: Node, key: string): string | undefined {
  const found = valueAt(node, key);
  if (found === undefined || typeof found === "string") return found;
  if (typeof found === "number") return String(found);
  throw new Refusal(placeOf(node, key), "is no text");
}

/** The number at a key. @throws Refusal for anything else */
export function numberAt(node: Node, key: string): number | undefined {
  const found = valueAt(node, key);
  if (found === undefined || typeof found === "number") return found;
  if (typeof found === "string" && found.trim() !== "" && Number.isFinite(Number(found)))
    return Number(found);
  throw new Refusal(placeOf(node, key), "is no number");
}

/** The bound at a key: a number, or the text of a date. @throws Refusal for anything else */
export function boundAt(node: Node, key: string): number | string | undefined {
  const found = valueAt(node, key);
  return typeof found === "number" ? found : textAt(node, key);
}

/** The list at a key, if any. @throws Refusal for anything else */
export function listIfAny(node: Node, key: string): readonly unknown[] | undefined {
  return valueAt(node, key) === undefined ? undefined : listAt(node, key);
}

/** The truth value at a key; false where there is none. @throws Refusal for anything else */
export function flagAt(node: Node, key: string): boolean {
  const found = valueAt(node, key);
  if (typeof found === "boolean") return found;
  if (found === undefined) return false;
  if (typeof found === "string" && /^(true|false)$/i.test(found)) return /^t/i.test(found);
  throw new Refusal(placeOf(node, key), "is neither true nor false");
}

/** The list at a key; empty where there is none. @throws Refusal for anything else */
export function listAt(node: Node, key: string): readonly unknown[] {
  const found = valueAt(node, key);
  if (found === undefined) return [];
  if (Array.isArray(found)) return found as readonly unknown[];
  throw new Refusal(placeOf(node, key), "is no list");
}

/** The nodes of the list at a key. @throws Refusal where one is no object */
export function nodesAt(node: Node, key: string): readonly Node[] {
  return listAt(node, key).map((value, i) => nodeOf(value, `${placeOf(node, key)}[${i}]`));
}

/** The node at a key, if any. @throws Refusal where it is no object */
export function nodeAt(node: Node, key: string): Node | undefined {
  const found = valueAt(node, key);
  return found === undefined ? undefined : nodeOf(found, placeOf(node, key));
}

/** The value at a key; null counts as none. */
export function valueAt({ value }: Node, key: string): unknown {
  return Object.hasOwn(value, key) ? (value[key] ?? undefined) : undefined;
}

/** An object without the keys that have no value. */
export function known<T extends object>(
  object: T,
): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    readonly [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
