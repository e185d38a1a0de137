import { firstBytes } from "../../lib/first-bytes.ts";
import type { Format, SampleRequest, SampleStream } from "../types.ts";
import { ENTRY_BYTES, HEADER_BYTES, isShapeIndex, readShapeHeader, withLength } from "./header.ts";

/** Indexes of shapefiles: the header with another length, and the first entries. */
export const shx: Format = {
  name: "shx",
  extensions: [".shx"],
  kind: "binary",
  matches: isShapeIndex,
  sample: sampleIndex,
};

async function* sampleIndex({ source, limits }: SampleRequest): SampleStream {
  const header = readShapeHeader(Buffer.from(await source.head()));
  const entries = Math.floor((header.bytes - HEADER_BYTES) / ENTRY_BYTES);
  const fitting = Math.max(1, Math.floor((limits.bytes - HEADER_BYTES) / ENTRY_BYTES));
  const wanted = Math.min(entries, limits.rows, fitting);
  const bytes = await firstBytes(source.stream(), HEADER_BYTES + wanted * ENTRY_BYTES);
  const rows = Math.floor((bytes.length - HEADER_BYTES) / ENTRY_BYTES);
  const end = HEADER_BYTES + rows * ENTRY_BYTES;
  yield withLength(bytes.subarray(0, HEADER_BYTES), end);
  yield bytes.subarray(HEADER_BYTES, end);

  const isTruncated = rows < wanted;
  const warnings = isTruncated
    ? [`damaged or truncated: ${rows} of ${entries} entries are there`]
    : [];
  const summary = { format: "shx", rows, complete: rows === entries, warnings };
  if (rows === entries || isTruncated) return summary;
  return { ...summary, cut: rows < limits.rows ? "bytes" : "rows" };
}
