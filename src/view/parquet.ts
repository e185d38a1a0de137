import { errorMessage, Failure } from "../errors.ts";
import { cut } from "../decode/cell.ts";
import { decodeRows, MAX_VALUES, valuesIn } from "../decode/parquet.ts";
import {
  fieldsOf,
  metadataOf,
  type ParquetField,
  type ParquetMetadata,
} from "../decode/parquet-schema.ts";
import { parquetType } from "../decode/parquet-types.ts";
import { countText } from "../lib/text.ts";
import { memorySource } from "../lib/memory-source.ts";
import { MAX_COLUMNS, rowsShown, tableOf } from "./table.ts";
import { takeSample } from "./take-sample.ts";
import type { Shown, Viewer, ViewRequest } from "./viewer.ts";

/**
 * Parquet: a column for each of the schema's outermost fields, typed in Parquet's own words. Reads
 * samples only, whose pages and footer we wrote: counts in them can be trusted. Other parts of the
 * footer are as they were, and may be anything.
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

async function viewWhole(request: ViewRequest): Promise<Shown> {
  const { bytes, rows, counted } = request;
  const metadata = metadataOf(bytes);
  const fields = fieldsOf(metadata);
  const shown = fields.slice(0, MAX_COLUMNS);
  const columns = shown.map((node) => ({
    name: cut(String(node.element.name)),
    type: parquetType(node),
  }));
  const all = counted ?? { rows: Number(metadata.num_rows) };
  const most = rowsShown(fields.length, rows);
  const { read, fault } = await decodeRows(await withFewValues(request, shown), shown, most);
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

/**
 * The sample, or as many of its first rows as have few enough values: pages are decoded as a whole.
 * One row is always kept.
 */
async function withFewValues(
  { bytes, name, limits, extensions, signal }: ViewRequest,
  nodes: readonly ParquetField[],
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

function factsOf(metadata: ParquetMetadata, fields: number): (readonly [string, string])[] {
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
