import { NoSample } from "../../errors.ts";
import type { Database } from "./database.ts";
import { invalid } from "./invalid.ts";
import { type Field, fieldsOf, textIn, valueOf } from "./record.ts";
import { openTree } from "./tree.ts";

/** Objects of a database that is read, and bytes of them all, at most. */
const MAX_OBJECTS = 10_000;
const MAX_BYTES = 8 * 1024 * 1024;
/** Places in a row of the schema ("Storage Of The SQL Database Schema"). */
const ROOT = 3;
const FIELDS = 5;

/** A table, index, view or trigger. */
export interface SchemaObject {
  readonly rowid: bigint;
  readonly fields: readonly Field[];
  /** `table`, `index`, `view` or `trigger`. */
  readonly type: string;
  readonly name: string;
  /** The table that it belongs to; of a table its own name. */
  readonly table: string;
  /** The number of its root page; 0 of what has none. */
  readonly root: number;
  /** Undefined for an index that SQLite made by itself. */
  readonly sql: string | undefined;
}

/**
 * Reads the schema of a database, in the order of its rows.
 * @throws Failure FORMAT_INVALID, RangeError; NoSample where it is too large
 */
export async function readSchema(db: Database): Promise<SchemaObject[]> {
  const objects: SchemaObject[] = [];
  let left = MAX_BYTES;
  const tree = await openTree(db, 1);
  if (!tree.isTable) throw invalid("its schema is no table");
  for await (const cell of tree.cells()) {
    left -= cell.bytes;
    if (left < 0 || objects.length >= MAX_OBJECTS) {
      throw new NoSample(`a schema of more than ${MAX_OBJECTS} objects, or ${MAX_BYTES} bytes`);
    }
    const { rowid = 0n } = cell;
    // Row ids rise: one that is met again could not be written.
    if (rowid <= (objects.at(-1)?.rowid ?? rowid - 1n)) throw invalid("rows out of order");
    objects.push(objectOf(rowid, fieldsOf(await cell.record()), db));
  }
  return objects;
}

function objectOf(rowid: bigint, fields: readonly Field[], { encoding }: Database): SchemaObject {
  if (fields.length !== FIELDS) throw invalid(`a row of the schema has ${fields.length} values`);
  const values = fields.map(valueOf);
  const text = (place: number): string | undefined => {
    const value = values[place];
    return value?.kind === "text" ? textIn(value.bytes, encoding) : undefined;
  };
  const [type, name, table] = [text(0), text(1), text(2)];
  if (type === undefined || name === undefined || table === undefined) {
    throw invalid("a row of the schema without a name");
  }
  const root = values[ROOT];
  const number = root?.kind === "number" ? Number(root.number) : 0;
  const mayHaveRoot = type === "table" || type === "index";
  if (!mayHaveRoot && (number !== 0 || !/^(view|trigger)$/.test(type))) {
    throw invalid("an object of another kind than there are");
  }
  return { rowid, fields, type, name, table, root: number, sql: text(4) };
}

/** The fields of an object with another root page. */
export function withRoot({ fields }: SchemaObject, root: Field): readonly Field[] {
  return fields.with(ROOT, root);
}
