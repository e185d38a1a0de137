import { type CsvFields, csvFields, type FieldLists } from "../formats/csv/fields.ts";
import { type Dialect, dialectOf } from "../formats/csv/dialect.ts";
import { decodeText, type Encoding, encodingOf } from "../lib/encoding.ts";

/** Delimited text as it is read, and the places of its fields in it. */
export interface SampleFields {
  /** The encoding of the sample. */
  readonly written: Encoding;
  /** The sample itself; in UTF-8 where it is written in wider units. */
  readonly text: Uint8Array;
  readonly dialect: Dialect;
  readonly fields: CsvFields;
}

/** Fields up to which the lists of a sample's are used for the next one's. */
const MOST_KEPT = 64 * 1024;

/** The fields that were found last: several checks ask for those of one sample. */
let last: { readonly bytes: Uint8Array; readonly fields: SampleFields } | undefined;
let lists = newLists();

/**
 * The fields of a sample; `name` is that of its file. They hold until those of another sample are
 * asked for, and are remembered until `forgetFields`.
 */
export function fieldsOfSample(name: string, bytes: Uint8Array): SampleFields {
  if (last?.bytes === bytes) return last.fields;
  const fields = find(name, bytes);
  last = { bytes, fields };
  return fields;
}

/**
 * Forgets fields, once a sample is done. A weak map would keep each sample until all of the memory
 * is collected.
 */
export function forgetFields(): void {
  last = undefined;
  if (lists.starts.length > MOST_KEPT) lists = newLists();
}

function newLists(): FieldLists {
  return { starts: [], ends: [], records: [] };
}

function find(name: string, bytes: Uint8Array): SampleFields {
  const written = encodingOf(bytes);
  const text = written.unitBytes === 1 ? bytes : Buffer.from(decodeText(bytes));
  const encoding = written.unitBytes === 1 ? written : encodingOf(text);
  const dialect = dialectOf(name, text, encoding);
  return { written, text, dialect, fields: csvFields(text, dialect, encoding, lists) };
}
