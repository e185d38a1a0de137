import { Failure } from "../errors.ts";
import { fullName, namespaceOf } from "../formats/avro/names.ts";

/** A type of an Avro schema, with the names of its parts. */
export interface AvroType {
  /** `null`, `boolean`, `int`, `long`, …, `record`, `enum`, `array`, `map`, `fixed` or `union`. */
  readonly kind: string;
  /** `date`, `timestamp-micros`, `decimal`, …; empty for none. */
  readonly logical: string;
  readonly precision: number;
  readonly scale: number;
  /** Bytes of a fixed. */
  readonly size: number;
  readonly symbols: readonly string[];
  /** Items of an array, values of a map. */
  readonly items?: AvroType;
  readonly branches: readonly AvroType[];
  /** Fields of a record; filled after it is known by its name, since it may hold itself. */
  readonly fields: { readonly name: string; readonly type: AvroType }[];
  /** The name of a named type, without its namespace. */
  readonly name: string;
}

type Node = Readonly<Record<string, unknown>>;
type Named = Map<string, AvroType>;

const DEEPEST = 1000;
/** Characters of a type's name. */
const TYPE_CHARACTERS = 100;

const nothing = { logical: "", precision: 0, scale: 0, size: 0, symbols: [], name: "" } as const;

/**
 * Parses a schema that the sampler has accepted. Source: Avro 1.12, "Schema Declaration".
 * @throws Failure FORMAT_INVALID
 */
export function parseAvroSchema(json: string): AvroType {
  return build(JSON.parse(json), "", new Map(), 0);
}

/** The name of a type, as in a schema: `long`, `array<string>`, `decimal(10, 2)`. */
export function avroTypeText(type: AvroType): string {
  const text = textOf(type, 0);
  return text.length > TYPE_CHARACTERS ? `${text.slice(0, TYPE_CHARACTERS)}…` : text;
}

function textOf(type: AvroType, depth: number): string {
  const { kind, logical, precision, scale, size, items, name } = type;
  if (depth > 8) return "…";
  if (logical === "decimal") return `decimal(${precision}, ${scale})`;
  if (logical !== "") return logical;
  if (items !== undefined) return `${kind}<${textOf(items, depth + 1)}>`;
  if (kind === "fixed") return `fixed(${size})`;
  if (kind !== "union") return kind === "record" ? `record ${name}` : kind;
  const branches = type.branches.filter((branch) => branch.kind !== "null");
  if (branches.length === 0) return "null";
  return branches
    .slice(0, 10)
    .map((branch) => textOf(branch, depth + 1))
    .join(" or ");
}

function build(node: unknown, namespace: string, named: Named, depth: number): AvroType {
  if (depth > DEEPEST) throw invalid(`nested more than ${DEEPEST} deep`);
  if (typeof node === "string") {
    const found = named.get(fullName(namespace, node)) ?? named.get(node);
    return found ?? plain(node);
  }
  if (Array.isArray(node)) {
    return {
      ...plain("union"),
      branches: node.map((one) => build(one, namespace, named, depth + 1)),
    };
  }
  if (typeof node !== "object" || node === null) throw invalid("a type is missing");
  return buildNode(node as Node, namespace, named, depth + 1);
}

function buildNode(node: Node, outer: string, named: Named, depth: number): AvroType {
  const { type, name, fields } = node;
  const kind = type === "error" ? "record" : type;
  if (typeof kind !== "string" || !/^(record|enum|fixed|array|map)$/.test(kind)) {
    return { ...build(type, outer, named, depth), ...logicalOf(node) };
  }
  const inner = node[kind === "array" ? "items" : "values"];
  if (kind === "array" || kind === "map") {
    return { ...plain(kind), items: build(inner, outer, named, depth) };
  }
  const given = typeof name === "string" ? name : "";
  const namespace = namespaceOf(node, outer);
  const size = typeof node["size"] === "number" ? node["size"] : 0;
  const symbols = Array.isArray(node["symbols"]) ? node["symbols"].map(String) : [];
  const simple = given.slice(given.lastIndexOf(".") + 1);
  const built = { ...plain(kind), ...logicalOf(node), size, symbols, name: simple };
  named.set(fullName(namespace, given), built);
  for (const field of Array.isArray(fields) ? (fields as Node[]) : []) {
    const type = build(field["type"], namespace, named, depth);
    built.fields.push({ name: String(field["name"]), type });
  }
  return built;
}

function plain(kind: string): AvroType {
  return { ...nothing, kind, branches: [], fields: [] };
}

function logicalOf(node: Node): Pick<AvroType, "logical" | "precision" | "scale"> {
  const { logicalType, precision, scale } = node;
  return {
    logical: typeof logicalType === "string" ? logicalType : "",
    precision: typeof precision === "number" ? precision : 0,
    scale: typeof scale === "number" ? scale : 0,
  };
}

function invalid(why: string): Failure {
  return new Failure("FORMAT_INVALID", `not an Avro schema: ${why}`);
}
