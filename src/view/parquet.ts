import {
  type FileMetaData,
  parquetMetadata,
  parquetRead,
  parquetSchema,
  type SchemaTree,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { errorMessage, Failure } from "../errors.ts";
import { cellOf, cut } from "../decode/cell.ts";
import { parquetCell, parquetType, parsers, readable } from "../decode/parquet-types.ts";
import { countText } from "../lib/text.ts";
import { memorySource } from "./memory-source.ts";
import { MAX_COLUMNS, rowsShown, tableOf } from "./table.ts";
import { takeSample } from "./take-sample.ts";
import type { View } from "./types.ts";
import type { Viewer, ViewRequest } from "./viewer.ts";

/** Values that are decoded: each takes memory, however few bytes it has in the file. */
const MAX_VALUES = 200_000;

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

async function viewWhole(request: ViewRequest): Promise<Omit<View, "format">> {
  const { bytes, rows, counted } = request;
  const metadata = metadataOf(bytes);
  const fields = parquetSchema(metadata).children;
  const shown = fields.slice(0, MAX_COLUMNS);
  const columns = shown.map((node) => ({
    name: cut(String(node.element.name)),
    type: parquetType(node),
  }));
  const all = counted ?? { rows: Number(metadata.num_rows) };
  const most = rowsShown(fields.length, rows);
  const { read, fault } = await readRows(await withFewValues(request, shown), shown, most);
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

function metadataOf(bytes: Uint8Array): FileMetaData {
  return parquetMetadata(Uint8Array.from(bytes).buffer, { geoparquet: false });
}

/**
 * The sample, or as many of its first rows as have few enough values: pages are decoded as a whole.
 * One row is kept, whatever it has.
 */
async function withFewValues(
  { bytes, name, limits, extensions, signal }: ViewRequest,
  nodes: readonly SchemaTree[],
): Promise<Uint8Array> {
  let kept: Uint8Array = bytes;
  for (;;) {
    const metadata = metadataOf(kept);
    const [rows, values] = [Number(metadata.num_rows), valuesIn(metadata, nodes)];
    if (values <= MAX_VALUES || rows <= 1) return kept;
    const fewer = Math.max(1, Math.floor((rows * MAX_VALUES) / values));
    const request = { limits: { ...limits, rows: fewer }, extensions, signal, depth: 0 };
    kept = (await takeSample({ ...request, source: memorySource(name, kept) })).bytes;
  }
}

/** Values of the columns that are shown, those of lists and nulls included. */
function valuesIn({ row_groups: groups }: FileMetaData, nodes: readonly SchemaTree[]): number {
  const names = new Set(nodes.map(({ element }) => element.name));
  const chunks = groups.flatMap(({ columns }) => columns.map(({ meta_data: chunk }) => chunk));
  return chunks
    .filter((chunk) => names.has(chunk?.path_in_schema[0] ?? ""))
    .reduce((sum, chunk) => sum + Number(chunk?.num_values ?? 0), 0);
}

async function readRows(
  bytes: Uint8Array,
  nodes: readonly SchemaTree[],
  rows: number,
): Promise<{ readonly read: (string | null)[][]; readonly fault?: string }> {
  const read: (string | null)[][] = [];
  const metadata = metadataOf(bytes);
  const rowEnd = Math.min(rows, Number(metadata.num_rows));
  const values = valuesIn(metadata, nodes);
  if (values > MAX_VALUES) return { read, fault: `a row has ${countText(values)} values` };
  try {
    await parquetRead({
      file: Uint8Array.from(bytes).buffer,
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
