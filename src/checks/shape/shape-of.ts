import { encodingOf } from "../../lib/encoding.ts";
import type { WholeSample } from "../../formats/types.ts";
import { csvShape } from "./csv-shape.ts";
import { encodingName } from "./encoding-name.ts";
import { jsonLinesShape, jsonShape } from "./json-shape.ts";
import type { Shape } from "./shape.ts";

/** Bytes of the largest sample that has a shape. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * The shape of a sample; undefined where it has none: it is large, or not what its format says.
 * The code that reads schemas is loaded with the first file that has one.
 */
export async function shapeOf({
  bytes,
  summary,
  request,
}: WholeSample): Promise<Shape | undefined> {
  if (bytes.length > MAX_BYTES) return undefined;
  const { format } = summary;
  if (format === "csv") return csvShape(request.source.name, bytes);
  if (format === "jsonl") return jsonLinesShape(bytes);
  if (format === "json") return jsonShape(bytes);
  if (format === "parquet" || format === "avro") return schemaShape(format, bytes);
  const dialect = format === "text" ? encodingName(bytes, encodingOf(bytes)) : {};
  return { format, dialect, names: [], columnCount: 0 };
}

/** The shape that a schema tells; undefined where it cannot be read. */
async function schemaShape(
  format: "parquet" | "avro",
  bytes: Uint8Array,
): Promise<Shape | undefined> {
  const { avroShape, parquetShape } = await import("./schema-shape.ts");
  try {
    return format === "parquet" ? parquetShape(bytes) : avroShape(bytes);
  } catch {
    // A sampler keeps more schemas than a reader of values understands.
    return undefined;
  }
}
