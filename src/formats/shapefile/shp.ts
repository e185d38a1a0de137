import { NoSample } from "../../errors.ts";
import { type ByteReader, decodeWith } from "../../lib/byte-reader.ts";
import type { Limits } from "../../lib/limits.ts";
import type { Cut } from "../../lib/records.ts";
import type { Format, SampleRequest, SampleStream, SampleSummary } from "../types.ts";
import {
  HEADER_BYTES,
  isShapes,
  readShapeHeader,
  RECORD_HEAD_BYTES,
  type ShapeHeader,
  withLength,
} from "./header.ts";

/** The type of a record without a shape. */
const NULL = 0;
/** Bytes of a record's content at least: its type. */
const LEAST_BYTES = 4;

/** Shapefiles: the header with another length, and the first records. */
export const shp: Format = {
  name: "shp",
  extensions: [".shp"],
  kind: "binary",
  matches: isShapes,
  sample: sampleShapes,
};

/** The records that are kept. */
interface Kept {
  readonly records: Uint8Array[];
  readonly bytes: number;
  readonly cut?: Cut;
  readonly fault?: string;
}

async function* sampleShapes({ source, limits }: SampleRequest): SampleStream {
  let summary: SampleSummary | undefined;
  yield* decodeWith(source.stream(), async function* (reader) {
    const start = Buffer.from(await reader.peek(HEADER_BYTES));
    const header = readShapeHeader(start);
    await reader.skip(HEADER_BYTES);
    const { records, bytes, cut, fault } = await firstRecords(reader, header, limits);
    yield withLength(start, bytes);
    yield* records;
    const warnings = fault === undefined ? [] : [`damaged or truncated: ${fault}`];
    const complete = cut === undefined && fault === undefined;
    const facts = { format: "shp", rows: records.length, complete, warnings };
    summary = cut === undefined ? facts : { ...facts, cut };
  });
  return summary as SampleSummary;
}

/**
 * The first records that fit, at least one.
 * @throws NoSample where the first is too large
 */
async function firstRecords(
  reader: ByteReader,
  header: ShapeHeader,
  limits: Limits,
): Promise<Kept> {
  const records: Uint8Array[] = [];
  let bytes = HEADER_BYTES;
  while (bytes < header.bytes) {
    if (records.length >= limits.rows) return { records, bytes, cut: "rows" };
    const head = Buffer.from(await reader.peek(RECORD_HEAD_BYTES + LEAST_BYTES));
    const fault = whyNoRecord(head, header);
    if (fault !== undefined) return { records, bytes, fault };
    const size = RECORD_HEAD_BYTES + 2 * head.readUInt32BE(4);
    if (records.length === 0 && size > limits.recordBytes) {
      throw new NoSample(`a record is larger than ${limits.recordBytes} bytes`);
    }
    if (records.length > 0 && bytes + size > limits.bytes) return { records, bytes, cut: "bytes" };
    const record = await reader.peek(size);
    if (record.length < size) return { records, bytes, fault: "a record is cut off" };
    await reader.skip(size);
    records.push(record);
    bytes += size;
  }
  return { records, bytes };
}

/** The reason why there is no record; undefined where there is one. */
function whyNoRecord(head: Buffer, { type }: ShapeHeader): string | undefined {
  if (head.length < RECORD_HEAD_BYTES + LEAST_BYTES) return "it ends before its records do";
  if (2 * head.readUInt32BE(4) < LEAST_BYTES) return "a record without a shape";
  const own = head.readUInt32LE(RECORD_HEAD_BYTES);
  return own === type || own === NULL ? undefined : `a shape of the type ${own}, not ${type}`;
}
