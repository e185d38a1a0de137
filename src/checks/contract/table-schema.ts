import { isMapping } from "../../lib/mapping.ts";
import {
  anyColumn,
  type Column,
  type ColumnType,
  type Contract,
  type ContractDialect,
  type DataObject,
  type Treatment,
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
  nodeOf,
  nodesAt,
  placeOf,
  Refusal,
  numberAt,
  textAt,
  valueAt,
} from "./document.ts";

const types: Readonly<Record<string, ColumnType>> = {
  string: "string",
  integer: "integer",
  year: "integer",
  number: "number",
  boolean: "boolean",
  date: "date",
  datetime: "timestamp",
  time: "time",
  object: "object",
  geojson: "object",
  array: "array",
  list: "array",
};

/** Directives of `strptime`, as letters of JDK's DateTimeFormatter. */
const directives: Readonly<Record<string, string>> = {
  Y: "yyyy",
  y: "yy",
  m: "MM",
  d: "dd",
  H: "HH",
  M: "mm",
  S: "ss",
  f: "SSSSSS",
  z: "Z",
  "%": "'%'",
};

/** Consequences that `fieldsMatch` asks for. */
const matches: Readonly<
  Record<
    string,
    { readonly extra: Treatment; readonly missing: Treatment; readonly order: Treatment }
  >
> = {
  exact: { extra: "fail", missing: "fail", order: "fail" },
  equal: { extra: "fail", missing: "fail", order: "ignore" },
  subset: { extra: "ignore", missing: "fail", order: "ignore" },
  superset: { extra: "fail", missing: "ignore", order: "ignore" },
  partial: { extra: "ignore", missing: "ignore", order: "ignore" },
};

/** True for a Table Schema, a Data Resource or a Data Package. */
export function isTableSchema({ value }: Node): boolean {
  return Array.isArray(value["fields"]) || Array.isArray(value["resources"]) || isResource(value);
}

function isResource(value: Node["value"]): boolean {
  return (
    "schema" in value &&
    !Array.isArray(value["schema"]) &&
    ("path" in value || "data" in value || "name" in value)
  );
}

/** Reads a Table Schema, alone or in a Data Resource or Package. Source: datapackage.org. @throws Refusal */
export function readTableSchema(root: Node): Contract {
  const resources = valueAt(root, "resources") === undefined ? [root] : nodesAt(root, "resources");
  const [first, ...others] = resources.map(resourceOf);
  if (first === undefined) throw new Refusal("resources", "describes no table");
  const id = textAt(root, "name") ?? textAt(root, "title") ?? first.names[0];
  const version = textAt(root, "version");
  return { id: version === undefined ? id : `${id}@${version}`, objects: [first, ...others] };
}

function resourceOf(node: Node): DataObject {
  const schema = schemaOf(node);
  const match = textAt(schema, "fieldsMatch");
  if (match !== undefined && !Object.hasOwn(matches, match)) {
    throw new Refusal(
      placeOf(schema, "fieldsMatch"),
      `is none of ${Object.keys(matches).join(", ")}`,
    );
  }
  const treatment = match === undefined ? undefined : matches[match];
  const properties = nodesAt(schema, "fields").map(columnOf);
  const name = textAt(node, "name") ?? "table";
  const record = {
    ...anyColumn(name),
    type: "object" as const,
    properties,
    extra: treatment?.extra,
  };
  return {
    names: [name],
    record,
    isDocument: false,
    primaryKey: [valueAt(schema, "primaryKey") ?? []].flat().map(String),
    rules: uniqueTogether(schema),
    unjudged:
      valueAt(schema, "foreignKeys") === undefined
        ? []
        : [{ check: "foreignKeys", reason: "other tables are not read" }],
    dialect: dialectOf(node),
    nulls: missingIn(schema) ?? [""],
    missingOptional: treatment?.missing,
    order: treatment?.order,
  };
}

function schemaOf(node: Node): Node {
  if (valueAt(node, "fields") !== undefined) return node;
  const schema = valueAt(node, "schema");
  if (typeof schema === "string") {
    throw new Refusal(
      placeOf(node, "schema"),
      "is the path of another file: name that one instead",
    );
  }
  return nodeOf(schema, placeOf(node, "schema"));
}

/** Groups of columns that are unique together. */
function uniqueTogether(schema: Node): DataObject["rules"] {
  return listAt(schema, "uniqueKeys").map((columns) => ({
    metric: "duplicateValues" as const,
    percent: false,
    severity: "fail" as const,
    bounds: [{ operator: "is" as const, value: 0 }],
    columns: [columns].flat().map(String),
  }));
}

function missingIn(node: Node): readonly string[] | undefined {
  if (valueAt(node, "missingValues") === undefined) return undefined;
  return listAt(node, "missingValues").map((one) => String(isMapping(one) ? one["value"] : one));
}

function dialectOf(node: Node): ContractDialect {
  const said = valueAt(node, "dialect");
  const dialect = isMapping(said) ? nodeOf(said, placeOf(node, "dialect")) : undefined;
  return known({
    encoding: textAt(node, "encoding"),
    delimiter: dialect && textAt(dialect, "delimiter"),
    header:
      dialect && valueAt(dialect, "header") !== undefined ? flagAt(dialect, "header") : undefined,
  });
}

function columnOf(node: Node): Column {
  const name = textAt(node, "name");
  if (name === undefined) throw new Refusal(node.at, "has no name");
  const constraints = nodeAt(node, "constraints") ?? {
    at: placeOf(node, "constraints"),
    value: {},
  };
  const said = textAt(node, "type") ?? "any";
  const type = Object.hasOwn(types, said) ? types[said] : undefined;
  const isRequired = flagAt(constraints, "required");
  const format = textAt(node, "format");
  const pattern = textAt(constraints, "pattern");
  const unjudged: Unjudged[] = [];
  if (type === undefined && said !== "any")
    unjudged.push({ check: "type", reason: `the type ${said} is not judged` });
  if (valueAt(node, "bareNumber") === false)
    unjudged.push({ check: "type", reason: "numbers with other text around them are not judged" });
  return {
    ...anyColumn(name),
    type: valueAt(node, "bareNumber") === false ? undefined : type,
    isRequired,
    isNullable: !isRequired,
    isUnique: flagAt(constraints, "unique"),
    options: known({
      minimum: boundAt(constraints, "minimum"),
      maximum: boundAt(constraints, "maximum"),
      exclusiveMinimum: boundAt(constraints, "exclusiveMinimum"),
      exclusiveMaximum: boundAt(constraints, "exclusiveMaximum"),
      minLength: numberAt(constraints, "minLength"),
      maxLength: numberAt(constraints, "maxLength"),
      // Patterns of XML Schema hold for the whole value.
      pattern: pattern === undefined ? undefined : `^(?:${pattern})$`,
      format: format === undefined || format === "default" ? undefined : formatOf(format, type),
      enum: listIfAny(constraints, "enum"),
    }),
    spelling: known({
      decimal: textAt(node, "decimalChar"),
      group: textAt(node, "groupChar"),
      trueValues: listIfAny(node, "trueValues")?.map(String),
      falseValues: listIfAny(node, "falseValues")?.map(String),
      notANumber: type === "number" ? true : undefined,
    }),
    unjudged,
  };
}

/** A format in JDK's letters, where it is one of `strptime`. */
function formatOf(format: string, type: ColumnType | undefined): string {
  if (type !== "date" && type !== "timestamp" && type !== "time") return format;
  return format.replace(/%(.)|[A-Za-z]+/g, (found, directive: string | undefined) =>
    directive === undefined ? `'${found}'` : (directives[directive] ?? found),
  );
}
