/**
 * The kind of a column: `path` is bytes; `directory` a path that a cache keeps as text, so that bytes
 * that are no UTF-8 are U+FFFD.
 */
export type Kind = "integer" | "real" | "text" | "path" | "directory" | "boolean";

/** A value as both kinds of store give it. Bytes are those of paths. */
export type Value = number | string | boolean | Buffer | null;

/** A row: a value for each column of its table. */
export type Row = readonly Value[];

/** A table that both kinds of store have. */
export interface Table {
  readonly name: string;
  readonly columns: Readonly<Record<string, Kind>>;
  /** The columns of its primary key, which rows are read in the order of. */
  readonly key: readonly string[];
  /** Rows that are held at once; 1,000 when not given. */
  readonly atOnce?: number;
}

const ofLine = { dataset: "integer", line: "integer", offset: "integer", reason: "text" } as const;

/** Everything known of raws. */
export const filesTable: Table = {
  name: "files",
  columns: {
    dataset: "integer",
    raw: "path",
    bronze: "path",
    mtime: "real",
    seq: "integer",
    next_at: "integer",
    name: "text",
    extension: "text",
    outcome: "text",
    done_mtime: "real",
    settled_at: "integer",
    sample: "text",
    sampled_at: "integer",
    format: "text",
    rows: "integer",
    bytes: "integer",
    source_size: "integer",
    reason: "text",
    code: "text",
    message: "text",
    attempts: "integer",
    failed_at: "integer",
    acknowledged: "integer",
    inode: "text",
    sampled_from: "text",
    gone_at: "integer",
    validation: "text",
    mask: "text",
  },
  key: ["dataset", "raw"],
};

/** All that a store knows, but for single values and for what it counts connections and processes by. */
export const tables: readonly Table[] = [
  {
    name: "datasets",
    columns: { id: "integer", name: "text", mask: "text", forgotten_at: "integer" },
    key: ["id"],
  },
  {
    name: "checkpoints",
    columns: {
      dataset: "integer",
      file: "text",
      path: "text",
      offset: "integer",
      line: "integer",
      hash: "text",
      retired_at: "integer",
    },
    key: ["dataset", "file"],
  },
  {
    name: "together",
    columns: { dataset: "integer", file: "text", offset: "integer", hash: "text" },
    key: ["dataset"],
  },
  filesTable,
  {
    name: "names",
    columns: { dataset: "integer", name: "text", is_folded: "boolean", raw: "path" },
    key: ["dataset", "name", "is_folded"],
  },
  {
    name: "rejected",
    columns: {
      id: "integer",
      ...ofLine,
      path: "text",
      at: "integer",
      acknowledged_at: "integer",
    },
    key: ["id"],
  },
  {
    name: "acknowledged_lines",
    columns: { id: "integer", ...ofLine, at: "integer" },
    key: ["id"],
  },
  {
    name: "forgotten",
    columns: { dataset: "integer", raw: "path", mtime: "real", at: "integer" },
    key: ["dataset", "raw"],
  },
  countsOf("totals", "outcome"),
  countsOf("verdicts", "result"),
  countsOf("counts", "what"),
  {
    name: "unsynced",
    columns: { id: "integer", dataset: "integer", raw: "path", at: "integer" },
    key: ["id"],
  },
  {
    name: "series",
    columns: { dataset: "integer", key: "text", state: "text", seen_at: "integer" },
    key: ["dataset", "key"],
  },
  {
    name: "raw_directories",
    columns: { dataset: "integer", path: "directory", state: "text", listed_at: "integer" },
    key: ["dataset", "path"],
  },
  {
    name: "raw_names",
    columns: { dataset: "integer", directory: "directory", names: "path" },
    key: ["dataset", "directory"],
    // A directory may have millions.
    atOnce: 1,
  },
  {
    name: "raw_resting",
    columns: {
      dataset: "integer",
      directory: "directory",
      name: "path",
      seen: "text",
      since: "integer",
      looked_at: "integer",
    },
    key: ["dataset", "directory", "name"],
  },
];

function countsOf(name: string, of: string): Table {
  return {
    name,
    columns: { dataset: "integer", [of]: "text", n: "integer" },
    key: ["dataset", of],
  };
}

/** Names of the columns of a table, in the order of its rows' values. */
export function columnsOf({ columns }: Table): readonly string[] {
  return Object.keys(columns);
}

/** The values of a row that are its key. */
export function keyOf(table: Table, row: Row): Row {
  const columns = columnsOf(table);
  return table.key.map((column) => row[columns.indexOf(column)] as Value);
}

/** A column's name as SQL takes any: some are words of its own. */
export function quoted(column: string): string {
  return `"${column}"`;
}
