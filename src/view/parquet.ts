import {
  type FileMetaData,
  parquetMetadata,
  parquetRead,
  parquetSchema,
  type SchemaTree,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { errorMessage, Failure } from "../errors.ts";
import { cellOf, cut } from "./cell.ts";
import { parquetCell, parquetType, parsers, readable } from "./parquet-types.ts";
import { countText } from "../lib/text.ts";
import { MAX_COLUMNS, rowsShown, tableOf } from "./table.ts";
import type { View } from "./types.ts";
import type { Viewer, ViewRequest } from "./viewer.ts";

/**
 * Parquet: a column for each of the schema's outermost fields, typed in Parquet's own words. Reads
 * samples only, whose pages and footer are written by us: counts in them can be trusted. What else
 * the footer says is as it was, and may be anything.
 * @throws Failure FORMAT_INVALID
 */
export const viewParquet: Viewer = async (request) => {
  try {
    return await viewWhole(request);
  } catch (error) {
    const message = `not a Parquet that can be shown: ${errorMessage(error)}`;
    throw new Failure("FORMAT_INVALID", message, { cause: error });
  }
};

async function viewWhole({ bytes, rows, counted }: ViewRequest): Promise<Omit<View, "format">> {
  const file = Uint8Array.from(bytes).buffer;
  const metadata = parquetMetadata(file, { geoparquet: false });
  const fields = parquetSchema(metadata).children;
  const shown = fields.slice(0, MAX_COLUMNS);
  const columns = shown.map((node) => ({
    name: cut(String(node.element.name)),
    type: parquetType(node),
  }));
  const all = counted ?? { rows: Number(metadata.num_rows) };
  const most = rowsShown(fields.length, rows);
  const { read, fault } = await readRows(file, metadata, shown, most);
  const table = tableOf({
    columns,
    columnCount: fields.length,
    rows: read,
    ...(fault === undefined ? { counted: all } : {}),
    notes: fault === undefined ? [] : ["rows are not decoded"],
  });
  return {
    facts: factsOf(metadata, fields.length),
    tables: [table],
    warnings: fault === undefined ? [] : [`rows are not decoded: ${fault}`],
  };
}

async function readRows(
  file: ArrayBuffer,
  metadata: FileMetaData,
  nodes: readonly SchemaTree[],
  rows: number,
): Promise<{ readonly read: (string | null)[][]; readonly fault?: string }> {
  const read: (string | null)[][] = [];
  const rowEnd = Math.min(rows, Number(metadata.num_rows));
  try {
    await parquetRead({
      file,
      metadata: { ...metadata, schema: metadata.schema.map(readable) },
      compressors,
      parsers,
      geoparquet: false,
      rowEnd,
      ...(metadata.schema[0]?.num_children === nodes.length
        ? {}
        : { columns: nodes.map(({ element }) => element.name) }),
      onComplete(found: unknown[][]) {
        for (const row of found) {
          read.push(nodes.map((node, i) => cellOf(parquetCell(row[i], node))));
        }
      },
    });
    return { read };
  } catch (error) {
    return { read: [], fault: errorMessage(error) };
  }
}

function factsOf(metadata: FileMetaData, fields: number): (readonly [string, string])[] {
  const { created_by: by, key_value_metadata: pairs = [] } = metadata;
  const codecs = metadata.row_groups.flatMap(({ columns }) =>
    columns.flatMap(({ meta_data: chunk }) => (chunk === undefined ? [] : [chunk.codec])),
  );
  const names = [...new Set(codecs)].map((codec) => codec.toLowerCase());
  const facts: [string, string | undefined][] = [
    ["columns", countText(fields)],
    ["codec", names.join(", ") || undefined],
    ["created by", by],
    ["metadata", pairs.map(({ key }) => key).join(", ") || undefined],
  ];
  return facts.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, cut(String(value))]],
  );
}
