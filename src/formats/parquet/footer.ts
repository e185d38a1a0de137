import { Failure } from "../../errors.ts";
import type { Source } from "../../lib/source.ts";
import { type Leaf, leavesOf } from "./schema.ts";
import {
  type Cursor,
  int,
  invalid,
  list,
  type Raw,
  raw,
  readFieldHeader,
  readListHeader,
  struct,
  text,
  underflow,
} from "./thrift.ts";

type Slice = NonNullable<Source["slice"]>;

/** A source whose end can be read. */
type FooterSource = Required<Pick<Source, "slice" | "size">> & Pick<Source, "willSlice">;

/** A column chunk: the place of its pages, and the metadata that is written again unchanged. */
export interface Chunk {
  readonly codec: number;
  /** Values, nulls included. */
  readonly values: number;
  /** Bytes from the start of the file. */
  readonly start: number;
  /** The first page that is no dictionary, the same way. */
  readonly data: number;
  /** Bytes of its pages, as the file says. */
  readonly length: number;
  readonly path: Raw | undefined;
  readonly keyValues: Raw | undefined;
}

/** A row group that the sample needs. */
export interface RowGroup {
  readonly rows: number;
  readonly chunks: readonly Chunk[];
  readonly sorting: Raw | undefined;
}

/** The metadata at the end of a file, as far as a sample needs it. */
export interface Footer {
  /** Fields of FileMetaData that are kept as they are, by id. */
  readonly kept: Readonly<Record<number, Raw>>;
  readonly leaves: readonly Leaf[];
  /** The row groups that the sample needs, for `readRowGroup`. */
  readonly groups: readonly Raw[];
  /** Rows in all row groups. */
  readonly rows: number;
}

/**
 * Tells whether a sample needs the row group `index` of `count`, before which there are `rows` rows.
 * Asked in their order, and only of those that have rows.
 */
export type IsNeeded = (group: {
  readonly index: number;
  readonly count: number;
  readonly rows: number;
}) => boolean;

const WINDOW_BYTES = 64 * 1024;
/** Bytes of one field, of one row group, or of the row groups of the sample, at most. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;

/** Fields of FileMetaData (parquet.thrift). */
const VERSION = 1;
const SCHEMA = 2;
const ROW_GROUPS = 4;
const KEY_VALUES = 5;
const CREATED_BY = 6;
const COLUMN_ORDERS = 7;
const kept = new Set([VERSION, SCHEMA, KEY_VALUES, CREATED_BY, COLUMN_ORDERS]);

const columnMetaData = struct({
  path: [3, raw],
  codec: [4, int],
  values: [5, int],
  length: [7, int],
  keyValues: [8, raw],
  data: [9, int],
  dictionary: [11, int],
});
const columnChunk = struct({
  file: [1, text],
  metaData: [3, columnMetaData],
  encryption: [8, raw],
});
const rowGroup = struct({ columns: [1, list(columnChunk)], rows: [3, int], sorting: [4, raw] });
const rowCount = struct({ rows: [3, int] });

/**
 * Reads the metadata at the end of a Parquet file, in windows, so that parts that are not needed
 * are not held. Layout: `…metadata, its length (4 bytes, little-endian), "PAR1"`.
 * @throws Failure FORMAT_INVALID, LIMIT_EXCEEDED; what `slice` throws.
 */
export async function readFooter(
  { slice, size, willSlice }: FooterSource,
  isNeeded: IsNeeded,
): Promise<Footer> {
  const tail = Buffer.from(await slice(Math.max(0, size - 8), size));
  const magic = tail.toString("latin1", 4);
  if (magic === "PARE") throw encrypted("its footer");
  if (size < 12 || magic !== "PAR1") throw invalid("it does not end with PAR1");
  const end = size - 8;
  const start = end - tail.readUInt32LE(0);
  if (start < 4) throw invalid("its metadata is longer than the file");
  willSlice?.([{ start, end }]);
  return walk(windowed(slice, start, end), isNeeded);
}

async function walk(next: Next, isNeeded: IsNeeded): Promise<Footer> {
  const fields: Record<number, Raw> = {};
  const groups: Raw[] = [];
  let leaves: readonly Leaf[] = [];
  let rows = 0;
  let held = 0;
  for (let id = 0; ;) {
    const previous = id;
    const field = await next((cursor) => readFieldHeader(cursor, previous));
    if (field === undefined) break;
    ({ id } = field);
    if (id === ROW_GROUPS) {
      const { length, element } = await next(readListHeader);
      for (let index = 0; index < length; index += 1) {
        const { group, count } = await next((cursor) => passRowGroup(cursor, element));
        const isKept = count > 0 && isNeeded({ index, count: length, rows });
        rows += count;
        if (!isKept) continue;
        // A copy: the window goes on.
        groups.push({ ...group, bytes: group.bytes.slice() });
        held += group.bytes.length;
        checkHeld(held);
      }
    } else {
      const value = await next((cursor) => raw(cursor, field.type));
      if (kept.has(id)) {
        fields[id] = value;
        held += value.bytes.length;
        checkHeld(held);
      }
      if (id === SCHEMA) leaves = leavesOf(value);
    }
  }
  if (fields[SCHEMA] === undefined) throw invalid("it has no schema");
  return { kept: fields, leaves, groups, rows };
}

/** The rows of a row group, and the group itself. */
function passRowGroup(
  cursor: Cursor,
  type: number,
): { readonly count: number; readonly group: Raw } {
  const start = cursor.at;
  const { rows: count = 0 } = rowCount(cursor, type);
  if (count < 0) throw invalid(`a row group of ${count} rows`);
  return { count, group: { type, bytes: cursor.bytes.subarray(start, cursor.at) } };
}

/**
 * The columns of a row group.
 * @throws Failure FORMAT_INVALID, also for what is encrypted or lies in other files.
 */
export function readRowGroup({ type, bytes }: Raw, leaves: readonly Leaf[]): RowGroup {
  const { columns = [], rows = 0, sorting } = rowGroup({ bytes, at: 0 }, type);
  if (columns.length !== leaves.length) {
    throw invalid(`a row group has ${columns.length} columns, the schema ${leaves.length}`);
  }
  const chunks = columns.map((column, i) => chunkOf(column, (leaves[i] as Leaf).name));
  return { rows, chunks, sorting };
}

function chunkOf(column: ReturnType<typeof columnChunk>, name: string): Chunk {
  // Some writers put an empty one where there is none (parquet-format#542).
  if (column.file !== undefined && column.file !== "") {
    throw invalid(`column ${name} is in another file, ${column.file}: sample that one`);
  }
  if (column.encryption !== undefined) throw encrypted(`column ${name}`);
  const { path, codec, values, length, keyValues, data, dictionary = 0 } = column.metaData ?? {};
  if (codec === undefined || values === undefined || length === undefined || data === undefined) {
    throw invalid(`column ${name} lacks its metadata`);
  }
  // Writers that have no dictionary page may leave 0 or nonsense here.
  const start = dictionary > 0 && dictionary < data ? dictionary : data;
  if (start < 4 || length < 0) throw invalid(`column ${name} starts at byte ${start}`);
  return { codec, values, start, data, length, path, keyValues };
}

function encrypted(what: string): Failure {
  return new Failure(
    "FORMAT_INVALID",
    `an encrypted Parquet: ${what} cannot be read without a key`,
  );
}

function checkHeld(bytes: number): void {
  if (bytes <= MAX_HELD_BYTES) return;
  throw new Failure(
    "LIMIT_EXCEEDED",
    `more than ${MAX_HELD_BYTES} bytes of its metadata are needed`,
  );
}

/** Reads the next element of the metadata. */
type Next = <T>(read: (cursor: Cursor) => T) => Promise<T>;

/** Elements one after the other, with more bytes fetched when one does not fit the window. */
function windowed(slice: Slice, start: number, end: number): Next {
  let cursor: Cursor = { bytes: new Uint8Array(), at: 0 };
  let fetched = start;

  async function more(): Promise<void> {
    if (fetched >= end) throw invalid("its metadata ends too early");
    const rest = cursor.bytes.subarray(cursor.at);
    checkHeld(rest.length);
    const part = await slice(fetched, Math.min(end, fetched + Math.max(WINDOW_BYTES, rest.length)));
    if (part.length === 0) throw invalid("its metadata ends too early");
    fetched += part.length;
    cursor = { bytes: rest.length === 0 ? part : Buffer.concat([rest, part]), at: 0 };
  }

  return async (read) => {
    for (;;) {
      const { at } = cursor;
      try {
        return read(cursor);
      } catch (error) {
        if (error !== underflow) throw error;
      }
      cursor.at = at;
      await more();
    }
  };
}
