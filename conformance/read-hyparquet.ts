import { readFileSync } from "node:fs";
import { parquetMetadata, parquetRead } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import type { Rows } from "./rows.ts";
import { shorten, spell } from "./spell.ts";

const same = <T>(value: T): T => value;

/**
 * Parsers that leave values as they are stored: no text of bytes, no milliseconds of nanoseconds.
 */
const parsers = {
  timestampFromMilliseconds: same,
  timestampFromMicroseconds: same,
  timestampFromNanoseconds: same,
  dateFromDays: same,
  stringFromBytes: same,
  jsonFromBytes: same,
  geometryFromBytes: same,
  geographyFromBytes: same,
  uuidFromBytes: same,
};

/** Reads Parquet with hyparquet. Its columns are all that the footer says of the file. */
export async function readHyparquet(path: string, limit: number): Promise<Rows> {
  const bytes = readFileSync(path);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const metadata = parquetMetadata(file, { parsers, geoparquet: false });
  const { schema, version, created_by, key_value_metadata } = metadata;
  const { column_orders } = metadata as { readonly column_orders?: unknown };
  const facts = { version, created_by, key_value_metadata, column_orders };
  const columns = [
    ...schema.map((element) => `schema: ${spell(element)}`),
    ...Object.entries(facts).map(([name, fact]) => `${name}: ${spell(fact)}`),
  ];
  const rows: string[][] = [];
  await parquetRead({
    file,
    metadata,
    compressors,
    parsers,
    utf8: false,
    geoparquet: false,
    rowEnd: limit,
    onComplete: (read) => rows.push(...read.map((row) => row.map((v) => shorten(spell(v))))),
  });
  return { columns: columns.map(shorten), rows };
}
