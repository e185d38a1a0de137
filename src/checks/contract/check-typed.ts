import { openAvro } from "../../decode/avro.ts";
import { avroTypeText } from "../../decode/avro-schema.ts";
import { cellOf, isObject, withWholeCells } from "../../decode/cell.ts";
import { fieldsOfAvro } from "../../decode/avro-header.ts";
import { decodeRows } from "../../decode/parquet.ts";
import { fieldsOf, metadataOf } from "../../decode/parquet-schema.ts";
import { parquetType } from "../../decode/parquet-types.ts";
import { errorMessage } from "../../errors.ts";
import type { Checked } from "./check-text.ts";
import type { Column, ColumnType } from "./contract.ts";
import { createKeys } from "./keys.ts";
import type { CheckSettings, ColumnPlan, ObjectPlan } from "./plan.ts";
import { type CheckResult, counted, treated } from "./results.ts";
import { judge, resultsOf, type Tally, tallyOf } from "./tally.ts";

/** A sample whose schema gives its columns types. */
interface TypedSample {
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly isNullable: boolean;
  }[];
  readonly rows: number;
  /** Text of the cells of some columns, by their numbers; `fault` says why there are none. */
  read(wanted: readonly number[]): Promise<{
    readonly rows: readonly (readonly (string | null)[])[];
    readonly fault?: string | undefined;
  }>;
}

/** The types of columns of a contract that a schema's type holds, by the first word of its name. */
const held: readonly (readonly [pattern: RegExp, types: readonly ColumnType[]])[] = [
  [/^(u?int\d*|long)$/, ["integer", "number"]],
  [/^(float16|float|double)$/, ["number"]],
  [/^boolean$/, ["boolean"]],
  [/^(string|utf8|enum|json|bson|uuid|binary|bytes|fixed|varchar)$/, ["string"]],
  [/^date$/, ["date"]],
  [/^(timestamp|local-timestamp)/, ["timestamp"]],
  [/^time(-|$)/, ["time"]],
  [/^(list|array)$/, ["array"]],
  [/^map$/, ["map", "object"]],
  [/^(struct|record)$/, ["object"]],
];

/** A sample of Parquet or Avro. */
export interface TypedBytes {
  readonly format: string;
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly isComplete: boolean;
}

/** Checks a sample of Parquet or Avro: types by its schema, values where a demand needs them. */
export async function checkTyped(
  { format, bytes, rows: count, isComplete }: TypedBytes,
  plan: ObjectPlan,
  settings: CheckSettings,
): Promise<Checked> {
  let sample: TypedSample;
  try {
    sample = format === "parquet" ? parquetSample(bytes) : avroSample(bytes, count);
  } catch (error) {
    const reason = `its schema cannot be read: ${errorMessage(error)}`;
    return { rows: 0, results: [counted({ check: "file" }, 1, { reason })] };
  }
  const record = tallyOf(plan.record, settings);
  const tallies = new Map(record.properties?.map((tally) => [tally.plan, tally]));
  const found = sample.columns.map(({ name }) =>
    tallies.get(plan.record.byName.get(name) as ColumnPlan),
  );
  const isKey = new Set(plan.keys.flat().map((name) => plan.record.byName.get(name)));
  const wanted = found.flatMap((tally, i) =>
    tally !== undefined &&
    (isKey.has(tally.plan) || needsValues(tally.plan, sample.columns[i]?.isNullable === true))
      ? [i]
      : [],
  );
  const { rows, fault } =
    wanted.length === 0 ? { rows: [], fault: undefined } : await sample.read(wanted);
  const columns = wanted.map((i) => found[i]);
  const keys = createKeys(plan, columns);
  for (const [i, row] of rows.entries()) {
    for (const [at, tally] of columns.entries())
      if (tally !== undefined) judge(tally, row[at] ?? null, i + 1);
    keys?.add(
      (field) => row[field] ?? null,
      () => false,
    );
  }
  const { missingOptional } = settings.columns;
  const options = { settings, isComplete, missingOptional, hasKeys: false };
  return {
    rows: sample.rows,
    results: [
      ...(sample.rows === 0
        ? [counted({ check: "file" }, 1, { severity: "warn", reason: "it has no rows" })]
        : []),
      ...(fault === undefined
        ? []
        : [
            {
              check: "file",
              result: "skipped",
              reason: `values are not decoded: ${fault}`,
            } as const,
          ]),
      ...schemaResults(sample, found, plan, settings),
      ...found.flatMap((tally) =>
        tally === undefined || fault !== undefined ? [] : resultsOf(tally, options),
      ),
      ...(fault === undefined ? (keys?.results(isComplete) ?? []) : []),
    ],
  };
}

function needsValues(
  { column, others, needsKeys, rules }: ColumnPlan,
  isNullable: boolean,
): boolean {
  return others.length > 0 || needsKeys || rules.length > 0 || (!column.isNullable && isNullable);
}

/** The results that the schema alone gives: columns that are missing, too many, or of another type. */
function schemaResults(
  { columns }: TypedSample,
  found: readonly (Tally | undefined)[],
  { record, object }: ObjectPlan,
  settings: CheckSettings,
): CheckResult[] {
  const { extra, missingOptional, order } = settings.columns;
  const present = new Set(found.map((tally) => tally?.plan));
  const missing = (record.properties ?? []).filter((one) => !present.has(one));
  const places = found.flatMap((tally) =>
    tally === undefined ? [] : [record.properties?.indexOf(tally.plan) ?? 0],
  );
  const unordered = places.filter((place, i) => i > 0 && place < (places[i - 1] as number)).length;
  const extras =
    record.properties === undefined ? [] : columns.filter((_, i) => found[i] === undefined);
  return [
    ...missing.flatMap(({ column, path }) =>
      treated(
        { check: "missing", column: path },
        1,
        column.isRequired ? "fail" : (object.missingOptional ?? missingOptional),
      ),
    ),
    ...extras.flatMap(({ name }) =>
      treated({ check: "extra", column: name }, 1, record.column.extra ?? extra),
    ),
    ...treated({ check: "order" }, unordered, object.order ?? order),
    ...found.flatMap((tally, i) =>
      tally === undefined ? [] : typeResults(tally.plan, columns[i]?.type ?? ""),
    ),
  ];
}

function typeResults({ column, path, properties, items }: ColumnPlan, said: string): CheckResult[] {
  const about = { check: "type", column: path };
  if (column.type === undefined) return [];
  const inner: CheckResult[] =
    properties === undefined && items === undefined
      ? []
      : [
          {
            check: "properties",
            column: path,
            result: "skipped",
            reason: "what is within a column is not judged",
          },
        ];
  const types = typesHeld(said, column);
  if (types === undefined)
    return [{ ...about, result: "skipped", reason: `the type ${said} is not known` }, ...inner];
  return [
    counted(about, types.includes(column.type) ? 0 : 1, { reason: `its type is ${said}` }),
    ...inner,
  ];
}

function typesHeld(said: string, { withTime, options }: Column): readonly ColumnType[] | undefined {
  const name = /^[\w-]+/.exec(said)?.[0] ?? "";
  if (/^decimal\(\d+, 0\)/.test(said)) return ["integer", "number"];
  if (name === "decimal") return ["number"];
  const types = held.find(([pattern]) => pattern.test(name))?.[1];
  // Dates with a format are often text.
  if (types?.includes("string") === true && options.format !== undefined)
    return [...types, "date", "timestamp", "time"];
  return withTime === true && types?.includes("timestamp") === true ? [...types, "date"] : types;
}

function parquetSample(bytes: Uint8Array): TypedSample {
  const metadata = metadataOf(bytes);
  const fields = fieldsOf(metadata);
  const rows = Number(metadata.num_rows);
  return {
    columns: fields.map((field) => ({
      name: String(field.element.name),
      type: parquetType(field),
      isNullable: field.element.repetition_type !== "REQUIRED",
    })),
    rows,
    async read(wanted) {
      const nodes = wanted.map((i) => fields[i]).filter((field) => field !== undefined);
      const { read, fault } = await withWholeCells(() => decodeRows(bytes, nodes, rows));
      return { rows: read, fault };
    },
  };
}

function avroSample(bytes: Uint8Array, rows: number): TypedSample {
  const { schema, read } = openAvro(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  const isRecord = schema.kind === "record";
  const fields = fieldsOfAvro(schema);
  return {
    columns: fields.map(({ name, type }) => ({
      name,
      type: avroTypeText(type),
      isNullable: type.kind === "null" || type.branches.some(({ kind }) => kind === "null"),
    })),
    rows,
    async read(wanted) {
      try {
        const values = await withWholeCells(() => read(rows));
        const cellIn = (value: unknown, i: number) =>
          cellOf(isRecord && isObject(value) ? value[fields[i]?.name ?? ""] : value);
        return {
          rows: withWholeCells(() => values.map((value) => wanted.map((i) => cellIn(value, i)))),
        };
      } catch (error) {
        return { rows: [], fault: errorMessage(error) };
      }
    },
  };
}
