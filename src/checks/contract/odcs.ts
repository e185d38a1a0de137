import { columnTypeOf, hasTime, isFloating } from "./column-types.ts";
import {
  anyColumn,
  type Column,
  type ColumnType,
  type Contract,
  type ContractDialect,
  type DataObject,
  type Options,
  type Unjudged,
} from "./contract.ts";
import {
  boundAt,
  flagAt,
  known,
  listAt,
  listIfAny,
  type Node,
  nodeAt,
  nodesAt,
  numberAt,
  placeOf,
  Refusal,
  textAt,
  valueAt,
} from "./document.ts";
import { rulesOf } from "./odcs-quality.ts";

/** Major version of the standard that is read. */
const MAJOR = "3";
/** Columns nested within columns, at most. */
const DEEPEST = 64;

/**
 * Reads a contract of the Open Data Contract Standard 3.x. Keys that say nothing about data are
 * left alone. Source: github.com/bitol-io/open-data-contract-standard, docs/schema.md.
 * @throws Refusal
 */
export function readOdcs(root: Node): Contract {
  const kind = textAt(root, "kind");
  if (kind !== "DataContract")
    throw new Refusal("kind", `is ${kind ?? "missing"}, not DataContract`);
  const version = textAt(root, "apiVersion") ?? "";
  if (!new RegExp(`^v?${MAJOR}(\\.|$)`).test(version)) {
    throw new Refusal("apiVersion", `is ${version || "missing"}; v${MAJOR}.x is read`);
  }
  const dialect = dialectOf(root);
  const [first, ...others] = nodesAt(root, "schema").map((node) => objectOf(node, dialect));
  if (first === undefined) throw new Refusal("schema", "describes no object");
  const name = textAt(root, "name") ?? textAt(root, "id") ?? first.names[0];
  const own = textAt(root, "version");
  return { id: own === undefined ? name : `${name}@${own}`, objects: [first, ...others] };
}

function objectOf(node: Node, dialect: ContractDialect): DataObject {
  const properties = nodesAt(node, "properties")
    .filter(isInData)
    .map((property) => columnOf(property, 0));
  const { rules, unjudged } = rulesOf(node);
  const names = namesOf(node, "physicalName");
  const [name] = names;
  return {
    names,
    // An object without properties says nothing about its columns.
    record: {
      ...anyColumn(name),
      type: "object",
      ...(properties.length === 0 ? {} : { properties }),
    },
    isDocument: false,
    primaryKey: keyOf(node),
    rules,
    unjudged,
    dialect,
  };
}

/** False for a measure or a dimension that is computed of columns: it is in no data. */
function isInData(property: Node): boolean {
  const isComputed = valueAt(property, "transformLogic") !== undefined;
  return !isComputed || !/^(measure|dimension)$/.test(textAt(property, "semanticType") ?? "");
}

/** The way in which delimited text is written, where one server says so. */
function dialectOf(root: Node): ContractDialect {
  const servers = nodesAt(root, "servers").filter((server) => textAt(server, "format") === "csv");
  const [server] = servers;
  if (server === undefined || servers.length > 1) return {};
  return known({ delimiter: textAt(server, "delimiter"), encoding: textAt(server, "encoding") });
}

/** The columns of the primary key, by their positions. */
function keyOf(node: Node): readonly string[] {
  const keys = nodesAt(node, "properties").filter((property) => flagAt(property, "primaryKey"));
  const placed = keys.map((property) => ({
    name: namesOf(property, "physicalName")[0],
    position: numberAt(property, "primaryKeyPosition") ?? 0,
  }));
  return placed.toSorted((a, b) => a.position - b.position).map(({ name }) => name);
}

function namesOf(node: Node, physical: string): readonly [string, ...string[]] {
  const name = textAt(node, "name");
  if (name === undefined || name === "") throw new Refusal(node.at, "has no name");
  const other = textAt(node, physical);
  // A physical name is that of the data; many write the logical one all the same.
  return other === undefined || other === "" || other === name ? [name] : [other, name];
}

function columnOf(node: Node, depth: number, name?: string): Column {
  if (depth > DEEPEST) throw new Refusal(node.at, `is nested more than ${DEEPEST} deep`);
  const names = name === undefined ? namesOf(node, "physicalName") : ([name] as const);
  const { type, unjudged: untyped } = typeOf(node);
  const { rules, unjudged } = rulesOf(node);
  const isRequired = flagAt(node, "required");
  const physical = textAt(node, "physicalType") ?? "";
  return {
    names,
    type,
    withTime: type === "date" && hasTime(physical),
    isRequired,
    isNullable: !isRequired,
    isUnique: flagAt(node, "unique"),
    options: optionsOf(node),
    spelling: isFloating(physical) ? { notANumber: true } : {},
    rules,
    unjudged: [...untyped, ...unjudged],
    ...innerOf(node, type, depth),
  };
}

/** The columns within a column. */
function innerOf(
  node: Node,
  type: ColumnType | undefined,
  depth: number,
): Pick<Column, "properties" | "items"> {
  if (type === "object") {
    const options = nodeAt(node, "logicalTypeOptions");
    const required = new Set(options === undefined ? [] : listAt(options, "required").map(String));
    const properties = nodesAt(node, "properties").map((one) => columnOf(one, depth + 1));
    // Without properties, an object may have any.
    if (properties.length === 0 && required.size === 0) return {};
    const named = properties.map((one) =>
      one.names.some((name) => required.has(name)) ? { ...one, isRequired: true } : one,
    );
    const known = new Set(properties.flatMap(({ names }) => names));
    const others = [...required].filter((name) => !known.has(name));
    return {
      properties: [...named, ...others.map((name) => anyColumn(name, true))],
    };
  }
  const map = type === "map" ? nodeAt(node, "map") : undefined;
  const items = type === "array" ? nodeAt(node, "items") : map && nodeAt(map, "value");
  if (items === undefined) return {};
  return { items: columnOf(items, depth + 1, textAt(items, "name") ?? "items") };
}

/**
 * The type of a column: its logical type, else what its physical type stands for. One that is not
 * known is not judged: it is no error of the contract.
 */
function typeOf(node: Node): { readonly type?: ColumnType; readonly unjudged: Unjudged[] } {
  const logical = textAt(node, "logicalType");
  const physical = textAt(node, "physicalType");
  const type = logical === undefined ? undefined : columnTypeOf(logical);
  const stored = physical === undefined ? undefined : columnTypeOf(physical);
  if (logical === undefined) return { ...known({ type: stored }), unjudged: [] };
  if (type === undefined) return untyped(`the type ${logical} is not known`);
  // Before version 3.1 a time of day was a date, and all that has no logical type an object.
  if (type === "date" && stored === "time") return { type: "time", unjudged: [] };
  const isOpaque = type === "object" && physical !== undefined && stored !== "object";
  if (isOpaque && listAt(node, "properties").length === 0)
    return untyped(`an object that is stored as ${physical}`);
  return { type, unjudged: [] };
}

function untyped(reason: string): { readonly unjudged: Unjudged[] } {
  return { unjudged: [{ check: "type", reason }] };
}

function optionsOf(node: Node): Options {
  const options = nodeAt(node, "logicalTypeOptions");
  const values = enumOf(node);
  if (options === undefined) return known({ enum: values });
  return known({
    minimum: boundAt(options, "minimum"),
    maximum: boundAt(options, "maximum"),
    exclusiveMinimum: boundAt(options, "exclusiveMinimum"),
    exclusiveMaximum: boundAt(options, "exclusiveMaximum"),
    multipleOf: numberAt(options, "multipleOf"),
    minLength: numberAt(options, "minLength"),
    maxLength: numberAt(options, "maxLength"),
    minItems: numberAt(options, "minItems"),
    maxItems: numberAt(options, "maxItems"),
    uniqueItems: flagAt(options, "uniqueItems") || undefined,
    minProperties: numberAt(options, "minProperties"),
    maxProperties: numberAt(options, "maxProperties"),
    pattern: textAt(options, "pattern"),
    format: textAt(options, "format"),
    enum: values ?? listIfAny(options, "enum"),
  });
}

/** The allowed values of ODCS 3.2; before, some wrote them without the `value` of each. */
function enumOf(node: Node): readonly unknown[] | undefined {
  const entries = listAt(node, "enum");
  if (valueAt(node, "enum") === undefined) return undefined;
  if (entries.length === 0) throw new Refusal(placeOf(node, "enum"), "allows no value");
  return entries.map((entry, i) => {
    if (typeof entry !== "object" || entry === null) return entry;
    const value = (entry as { readonly value?: unknown }).value;
    if (value === undefined) throw new Refusal(`${placeOf(node, "enum")}[${i}]`, "has no value");
    return value;
  });
}
