/** The type of a column, in the words of ODCS 3.2. */
export type ColumnType =
  | "string"
  | "integer"
  | "number"
  | "boolean"
  | "date"
  | "timestamp"
  | "time"
  | "object"
  | "array"
  | "map";

/** Consequence of something that a contract does not say: nothing, a warning or a failure. */
export type Treatment = "ignore" | "warn" | "fail";

/** Weight of a check that fails. */
export type Severity = "warn" | "fail";

/** A part of a contract that is not judged on samples, and why. */
export interface Unjudged {
  readonly check: string;
  readonly reason: string;
}

/** Limits on a column's values. Bounds are a number, or the text of a date or time. */
export interface Options {
  readonly minimum?: number | string;
  readonly maximum?: number | string;
  readonly exclusiveMinimum?: number | string;
  readonly exclusiveMaximum?: number | string;
  readonly multipleOf?: number;
  /** In characters. */
  readonly minLength?: number;
  readonly maxLength?: number;
  /** Of an array. */
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  /** Of an object or map. */
  readonly minProperties?: number;
  readonly maxProperties?: number;
  /** `^(?:…)$` where the standard anchors it. */
  readonly pattern?: string;
  /** A format's name (`uuid`, `i32`), or letters of JDK's DateTimeFormatter (`yyyy-MM-dd`). */
  readonly format?: string;
  /** The allowed values. */
  readonly enum?: readonly unknown[];
}

/** Spelling of values in text, where it is not the usual one. */
export interface Spelling {
  readonly decimal?: string;
  readonly group?: string;
  readonly trueValues?: readonly string[];
  readonly falseValues?: readonly string[];
  /** True where `NaN` and infinities are numbers. */
  readonly notANumber?: boolean;
}

/** The number of rows with a property, or of all, and the bounds on it. */
export interface Rule {
  readonly metric:
    | "rowCount"
    | "nullValues"
    | "missingValues"
    | "invalidValues"
    | "duplicateValues";
  readonly percent: boolean;
  readonly severity: Severity;
  readonly bounds: readonly Bound[];
  /** Of `missingValues`, or the valid ones of `invalidValues`; null stands for no value. */
  readonly values?: readonly (string | null)[];
  readonly pattern?: string;
  /** Of `duplicateValues` of an object: the columns that are compared together. */
  readonly columns?: readonly string[];
}

/** A bound on a number. */
export interface Bound {
  readonly operator:
    | "is"
    | "isNot"
    | "above"
    | "atLeast"
    | "below"
    | "atMost"
    | "between"
    | "outside";
  readonly value: number;
  /** Of `between` and `outside`. */
  readonly upper?: number;
}

/** A column of a table, or a value within one. */
export interface Column {
  /** The names that it may have in data; findings use the first one. */
  readonly names: readonly [string, ...string[]];
  /** Undefined where any type will do. */
  readonly type?: ColumnType | undefined;
  /** True where a date may have a time of day, too. */
  readonly withTime?: boolean;
  /** Every row has to have it. */
  readonly isRequired: boolean;
  readonly isNullable: boolean;
  readonly isUnique: boolean;
  readonly options: Options;
  readonly spelling: Spelling;
  readonly rules: readonly Rule[];
  readonly unjudged: readonly Unjudged[];
  /** Of an object. */
  readonly properties?: readonly Column[];
  /** Members that `properties` does not name; undefined: as the settings say. */
  readonly extra?: Treatment | undefined;
  /** Of an array; or the values of a map. */
  readonly items?: Column;
}

/** The way in which delimited text is written. */
export interface ContractDialect {
  readonly delimiter?: string;
  readonly encoding?: string;
  /** False where the first row is data. */
  readonly header?: boolean;
}

/** A table, or another structure of records. */
export interface DataObject {
  /** The names by which it is found, without duplicates. */
  readonly names: readonly [string, ...string[]];
  /** A record. */
  readonly record: Column;
  /** True where the whole document is described, and not each of its records. */
  readonly isDocument: boolean;
  /** The columns that together are unique and not null. */
  readonly primaryKey: readonly string[];
  readonly rules: readonly Rule[];
  readonly unjudged: readonly Unjudged[];
  readonly dialect: ContractDialect;
  /** Text cells that count as null; undefined: as the settings say. */
  readonly nulls?: readonly string[] | undefined;
  /** As in the settings; undefined: as these say. */
  readonly missingOptional?: Treatment | undefined;
  readonly order?: Treatment | undefined;
}

/** A contract, whatever standard it is written in. */
export interface Contract {
  /** Its id or name, and its version where it has one: `orders@1.2.0`. */
  readonly id: string;
  readonly objects: readonly [DataObject, ...DataObject[]];
}

/** A column that any value may be in. */
export function anyColumn(name: string, isRequired = false): Column {
  return {
    names: [name],
    isRequired,
    isNullable: true,
    isUnique: false,
    options: {},
    spelling: {},
    rules: [],
    unjudged: [],
  };
}
