import type { View, Written } from "./types.ts";

/** Programs that files are read with. */
export const programs = ["duckdb", "pandas", "polars", "spark"] as const;
export type Program = (typeof programs)[number];

/** The line with which a program reads a file. */
export interface CodeLine {
  readonly program: Program;
  readonly line: string;
}

type Lines = Partial<Record<Program, (path: string, written: Written) => string | undefined>>;

/**
 * The lines with which programs read a file, `path`, that is written as a view of its sample shows; none
 * for a program that does not read its format. Python's names are the usual ones: `pd`, `pl`, `spark`.
 */
export function codeLines(path: string, { format, written }: View): readonly CodeLine[] {
  const [base = "", compression = "", more] = format.split(".");
  const lines = more === undefined ? byFormat[base] : undefined;
  if (lines === undefined || (base === "csv" && written === undefined)) return [];
  return programs.flatMap((program) => {
    const isRead = compression === "" || isUndone(program, compression, path);
    const line = isRead ? lines[program]?.(path, written ?? PLAIN) : undefined;
    return line === undefined ? [] : [{ program, line }];
  });
}

const PLAIN: Written = { delimiter: ",", encoding: "ASCII", header: true, above: 0 };

/** Compressions that each of them undoes. */
const compressions: Readonly<Record<Program, readonly string[]>> = {
  duckdb: ["gz", "bgz", "zst", "seekable-zst"],
  pandas: ["gz", "bgz", "bz2", "xz", "zst", "seekable-zst"],
  polars: ["gz", "bgz", "zst", "seekable-zst"],
  spark: ["gz", "bgz", "bz2"],
};

/** Compressions whose usual extension is that of another one. */
const usual: Readonly<Record<string, string>> = { bgz: "gz", "seekable-zst": "zst" };

/** True where a program undoes a compression of a file: they go by its usual extension. */
function isUndone(program: Program, compression: string, path: string): boolean {
  const extension = `.${usual[compression] ?? compression}`;
  return compressions[program].includes(compression) && path.toLowerCase().endsWith(extension);
}

const byFormat: Readonly<Record<string, Lines>> = {
  csv: { duckdb: duckdbCsv, pandas: pandasCsv, polars: polarsCsv, spark: sparkCsv },
  jsonl: {
    duckdb: (path) => `SELECT * FROM read_json(${sql(path)}, format = 'newline_delimited')`,
    pandas: (path) => `pd.read_json(${python(path)}, lines=True)`,
    polars: (path) => `pl.read_ndjson(${python(path)})`,
    spark: (path) => `spark.read.json(${python(path)})`,
  },
  json: {
    duckdb: (path) => `SELECT * FROM read_json(${sql(path)})`,
    pandas: (path) => `pd.read_json(${python(path)})`,
    polars: (path) => `pl.read_json(${python(path)})`,
    spark: (path) => `spark.read.json(${python(path)}, multiLine=True)`,
  },
  parquet: {
    duckdb: (path) => `SELECT * FROM read_parquet(${sql(path)})`,
    pandas: (path) => `pd.read_parquet(${python(path)})`,
    polars: (path) => `pl.read_parquet(${python(path)})`,
    spark: (path) => `spark.read.parquet(${python(path)})`,
  },
  avro: {
    duckdb: (path) => `SELECT * FROM read_avro(${sql(path)})`,
    polars: (path) => `pl.read_avro(${python(path)})`,
    spark: (path) => `spark.read.format("avro").load(${python(path)})`,
  },
  orc: {
    pandas: (path) => `pd.read_orc(${python(path)})`,
    spark: (path) => `spark.read.orc(${python(path)})`,
  },
  arrow: {
    pandas: (path) => `pd.read_feather(${python(path)})`,
    polars: (path) => `pl.read_ipc(${python(path)})`,
  },
  xlsx: {
    duckdb: (path) => `SELECT * FROM read_xlsx(${sql(path)})`,
    pandas: (path) => `pd.read_excel(${python(path)})`,
    polars: (path) => `pl.read_excel(${python(path)})`,
  },
};

/** A text of SQL; characters that cannot be seen are escaped. */
function sql(text: string): string {
  const quoted = text.replaceAll("'", "''");
  // oxlint-disable-next-line no-control-regex
  if (!/[\u0000-\u001f]/.test(text)) return `'${quoted}'`;
  if (text.length === 1 && text !== "\t") return `chr(${text.charCodeAt(0)})`;
  const escaped = quoted.replaceAll("\\", "\\\\");
  return `E'${escaped.replaceAll("\t", "\\t").replaceAll("\n", "\\n").replaceAll("\r", "\\r")}'`;
}

/** A text of Python: JSON's are that, too; bytes that are no UTF-8 are escapes of halves of pairs. */
function python(text: string): string {
  return JSON.stringify(text);
}

function call(name: string, args: readonly (string | undefined)[]): string {
  return `${name}(${args.filter((one) => one !== undefined).join(", ")})`;
}

/** DuckDB's name of an encoding; null where it reads UTF-8 anyway, undefined where it does not read it. */
function duckdbEncoding(encoding: string): string | null | undefined {
  if (encoding === "ASCII" || encoding === "UTF-8") return null;
  if (encoding.startsWith("UTF-16")) return "utf-16";
  return encoding === "other" ? "latin-1" : undefined;
}

function duckdbCsv(path: string, { delimiter, encoding, header, above }: Written) {
  const named = duckdbEncoding(encoding);
  if (named === undefined) return undefined;
  return `SELECT * FROM ${call("read_csv", [
    sql(path),
    `delim = ${sql(delimiter)}`,
    `header = ${header}`,
    above > 0 ? `skip = ${above}` : undefined,
    named === null ? undefined : `encoding = ${sql(named)}`,
  ])}`;
}

/** Python's name of an encoding; undefined where UTF-8 is right. */
function pythonEncoding(encoding: string): string | undefined {
  if (encoding === "ASCII" || encoding === "UTF-8") return undefined;
  return encoding === "other" ? "latin-1" : encoding.toLowerCase().replace(" ", "-");
}

function pandasCsv(path: string, { delimiter, encoding, header, above }: Written) {
  const named = pythonEncoding(encoding);
  return call("pd.read_csv", [
    python(path),
    `sep=${python(delimiter)}`,
    header ? undefined : "header=None",
    above > 0 ? `skiprows=${above}` : undefined,
    named === undefined ? undefined : `encoding=${python(named)}`,
  ]);
}

function polarsCsv(path: string, { delimiter, encoding, header, above }: Written) {
  const named = pythonEncoding(encoding);
  return call("pl.read_csv", [
    python(path),
    `separator=${python(delimiter)}`,
    header ? undefined : "has_header=False",
    above > 0 ? `skip_rows=${above}` : undefined,
    named === undefined ? undefined : `encoding=${python(named)}`,
  ]);
}

/** Spark cannot pass over lines above the header. */
function sparkCsv(path: string, { delimiter, encoding, header, above }: Written) {
  if (above > 0) return undefined;
  const named = encoding === "other" ? "ISO-8859-1" : encoding.replace(" ", "");
  return call("spark.read.csv", [
    python(path),
    `sep=${python(delimiter)}`,
    `header=${header ? "True" : "False"}`,
    encoding === "ASCII" || encoding === "UTF-8" ? undefined : `encoding=${python(named)}`,
  ]);
}
