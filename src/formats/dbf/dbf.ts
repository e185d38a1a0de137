import { NoSample } from "../../errors.ts";
import { firstBytes } from "../../lib/first-bytes.ts";
import type { Format, SampleRequest, SampleStream } from "../types.ts";
import { hasMemos, readHeader, RECORDS_AT } from "./header.ts";

/** Marks the end of a table. */
const END = 0x1a;

/**
 * dBase tables (shapefiles have one, too): the header with another number of records, and the first
 * records, deleted ones as well.
 */
export const dbf: Format = {
  name: "dbf",
  extensions: [".dbf"],
  kind: "binary",
  sample: sampleDbf,
};

async function* sampleDbf({ source, limits }: SampleRequest): SampleStream {
  const header = readHeader(Buffer.from(await source.head()));
  const { records, headerBytes, recordBytes } = header;
  if (recordBytes > limits.recordBytes) {
    throw new NoSample(`a record is larger than ${limits.recordBytes} bytes`);
  }
  const fitting = Math.max(1, Math.floor(limits.bytes / recordBytes));
  const wanted = Math.min(records, limits.rows, fitting);
  const bytes = await firstBytes(source.stream(), headerBytes + wanted * recordBytes + 1);
  const rows = Math.min(wanted, Math.floor((bytes.length - headerBytes) / recordBytes));
  bytes.writeUInt32LE(rows, RECORDS_AT);
  const end = headerBytes + rows * recordBytes;
  yield bytes.subarray(0, end);
  if (rows < records || bytes[end] === END) yield Buffer.from([END]);

  const warnings: string[] = [];
  if (rows < wanted) warnings.push(`damaged or truncated: ${rows} of ${records} records are there`);
  if (hasMemos(header)) warnings.push("the texts of its memo fields are in a file of their own");
  const summary = { format: "dbf", rows, complete: rows === records, warnings };
  if (rows === records || rows < wanted) return summary;
  return { ...summary, cut: rows < limits.rows ? "bytes" : "rows" };
}
