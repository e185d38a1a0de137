import { errorMessage, Failure } from "../../errors.ts";
import { isMapping } from "../../lib/mapping.ts";
import { fullName, namespaceOf } from "./names.ts";

/**
 * The lengths of values: all that is needed to pass over them. An enum is a union of values without
 * bytes, a map an array of pairs.
 */
export type Schema =
  | { readonly kind: "fixed"; readonly bytes: number }
  | { readonly kind: "long" }
  | { readonly kind: "bytes" }
  | { readonly kind: "array"; readonly items: Schema }
  | { readonly kind: "union"; readonly branches: readonly Schema[] }
  | { readonly kind: "record"; readonly fields: readonly Schema[] };

/** The place of a part in a schema. */
interface Scope {
  /** By full name; the same for all parts. */
  readonly named: Map<string, Schema>;
  /** Empty for none. */
  readonly namespace: string;
  readonly depth: number;
}

type Node = Readonly<Record<string, unknown>>;

const DEEPEST = 1000;

const nothing: Schema = { kind: "fixed", bytes: 0 };
const long: Schema = { kind: "long" };
const bytes: Schema = { kind: "bytes" };
const primitives = new Map<string, Schema>([
  ["null", nothing],
  ["boolean", { kind: "fixed", bytes: 1 }],
  ["int", long],
  ["long", long],
  ["float", { kind: "fixed", bytes: 4 }],
  ["double", { kind: "fixed", bytes: 8 }],
  ["bytes", bytes],
  ["string", bytes],
]);

/**
 * Parses the JSON of a schema. Records that hold themselves are the same object in both places.
 * Source: Avro 1.12, "Schema Declaration" and "Names".
 * @throws Failure FORMAT_INVALID
 */
export function parseSchema(json: string): Schema {
  return build(parseJson(json), { named: new Map(), namespace: "", depth: 0 });
}

/** A map of string to these: an array of pairs. */
export function mapOf(values: Schema): Schema {
  return { kind: "array", items: { kind: "record", fields: [bytes, values] } };
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw invalid(errorMessage(error));
  }
}

function build(node: unknown, outer: Scope): Schema {
  const scope = { ...outer, depth: outer.depth + 1 };
  if (scope.depth > DEEPEST) throw invalid(`nested more than ${DEEPEST} deep`);
  if (typeof node === "string") return resolve(node, scope);
  if (Array.isArray(node)) return { kind: "union", branches: buildAll(node, scope) };
  if (!isMapping(node)) throw invalid("a type is missing");
  switch (node["type"]) {
    case "record":
    case "error":
      return buildRecord(node, scope);
    case "enum":
      return define(node, scope, buildEnum(node));
    case "fixed":
      return define(node, scope, buildFixed(node));
    case "array":
      return { kind: "array", items: build(node["items"], scope) };
    case "map":
      return mapOf(build(node["values"], scope));
    default:
      return build(node["type"], scope);
  }
}

function buildAll(nodes: readonly unknown[], scope: Scope): Schema[] {
  return nodes.map((node) => build(node, scope));
}

function buildRecord(node: Node, scope: Scope): Schema {
  const fields: Schema[] = [];
  const record = define(node, scope, { kind: "record", fields });
  const inside = { ...scope, namespace: namespaceOf(node, scope.namespace) };
  for (const field of listOf(node, "fields")) {
    if (!isMapping(field)) throw invalid("a field is no object");
    fields.push(build(field["type"], inside));
  }
  return record;
}

function buildEnum(node: Node): Schema {
  return { kind: "union", branches: listOf(node, "symbols").map(() => nothing) };
}

function buildFixed({ size }: Node): Schema {
  if (typeof size === "number" && Number.isSafeInteger(size) && size >= 0) {
    return { kind: "fixed", bytes: size };
  }
  throw invalid(`${JSON.stringify(size)} is no size`);
}

/** Makes a schema known by its name, before its parts are built. */
function define(node: Node, scope: Scope, schema: Schema): Schema {
  const { name } = node;
  if (typeof name !== "string") throw invalid("a name is missing");
  scope.named.set(fullName(namespaceOf(node, scope.namespace), name), schema);
  return schema;
}

/**
 * Finds a named type. Some writers name a type that has no namespace by its bare name, even inside
 * a namespace.
 */
function resolve(name: string, { named, namespace }: Scope): Schema {
  const found = primitives.get(name) ?? named.get(fullName(namespace, name)) ?? named.get(name);
  if (found === undefined) throw invalid(`no type is named ${name}`);
  return found;
}

function listOf(node: Node, key: string): readonly unknown[] {
  const list = node[key];
  if (!Array.isArray(list)) throw invalid(`${key} are missing`);
  return list;
}

function invalid(why: string): Failure {
  return new Failure("FORMAT_INVALID", `not an Avro schema: ${why}`);
}
