import { parquetRead } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { errorMessage } from "../errors.ts";
import { countText } from "../lib/text.ts";
import { cellOf } from "./cell.ts";
import { metadataOf, type ParquetField, type ParquetMetadata } from "./parquet-schema.ts";
import { parquetCell, parsers, readable } from "./parquet-types.ts";

/** Values that are decoded at most: each takes memory, even with few bytes in the file. */
export const MAX_VALUES = 200_000;

/** Values of the columns that are shown, those of lists and nulls included. */
export function valuesIn(
  { row_groups: groups }: ParquetMetadata,
  nodes: readonly ParquetField[],
): number {
  const names = new Set(nodes.map(({ element }) => element.name));
  const chunks = groups.flatMap(({ columns }) => columns.map(({ meta_data: chunk }) => chunk));
  return chunks
    .filter((chunk) => names.has(chunk?.path_in_schema[0] ?? ""))
    .reduce((sum, chunk) => sum + Number(chunk?.num_values ?? 0), 0);
}

/** The first rows as text, a cell for each node; `fault` says why there are none. */
export async function decodeRows(
  bytes: Uint8Array,
  nodes: readonly ParquetField[],
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
