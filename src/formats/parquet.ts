import { isDeepStrictEqual } from "node:util";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import {
  type AsyncBuffer,
  type CompressionCodec,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { parquetWriteBuffer } from "hyparquet-writer";
import { errorMessage, Failure, NoSample } from "../errors.ts";
import { hasBytes } from "../lib/signature.ts";
import type { Format, Limits, SampleRequest, SampleStream } from "../types.ts";

type Rows = Record<string, unknown>[];

/** What a row group may take in memory once decompressed. */
const DECODED_BYTES = 256 * 1024 * 1024;

const encoders: { readonly [K in CompressionCodec]?: (input: Uint8Array) => Uint8Array } = {
  UNCOMPRESSED: (input) => input,
  GZIP: (input) => gzipSync(input),
  BROTLI: (input) => brotliCompressSync(input),
  ZSTD: (input) => zstdCompressSync(input),
};

/**
 * Parquet: the first rows, written again with the original schema. What the writer cannot keep
 * exactly (found by reading the sample back) is described instead.
 */
export const parquet: Format = {
  name: "parquet",
  extensions: [".parquet", ".pq"],
  kind: "binary",
  matches: isParquet,
  sample: sampleParquet,
  // hyparquet allocates by counts it finds in the file.
  isDangerous: true,
};

function isParquet(head: Uint8Array): boolean {
  return hasBytes(head, [0x50, 0x41, 0x52, 0x31]);
}

async function* sampleParquet({ source, limits, signal }: SampleRequest): SampleStream {
  const { slice, size } = source;
  if (!isParquet(await source.head())) {
    throw new Failure("FORMAT_INVALID", "not a Parquet: it does not begin with PAR1");
  }
  if (slice === undefined || size === undefined) throw new NoSample("a Parquet in a container");
  const file: AsyncBuffer = {
    byteLength: size,
    slice: async (start, end = size) => {
      const from = start < 0 ? size + start : start;
      return Uint8Array.from(await slice(from, end)).buffer;
    },
  };
  const metadata = await readFooter(file, signal);
  const total = Number(metadata.num_rows);
  const wanted = Math.min(total, limits.rows);
  checkPaths(metadata);
  checkRowGroups(metadata, wanted, limits);
  let rows = await readRows(file, metadata, wanted, signal);
  let bytes = writeRows(metadata, rows);
  const cutByBytes = bytes.length > limits.bytes && rows.length > 1;
  while (bytes.length > limits.bytes && rows.length > 1) {
    rows = rows.slice(0, Math.max(1, rows.length >> 1));
    bytes = writeRows(metadata, rows);
  }
  await checkKept(bytes, metadata, rows);
  yield bytes;
  const complete = rows.length === total;
  const summary = { format: "parquet", rows: rows.length, complete, warnings: [] };
  return complete ? summary : { ...summary, cut: cutByBytes ? "bytes" : "rows" };
}

async function readFooter(file: AsyncBuffer, signal: AbortSignal): Promise<FileMetaData> {
  try {
    return await parquetMetadataAsync(file, { geoparquet: false });
  } catch (error) {
    if (error instanceof Failure || signal.aborted) throw error;
    const message = `not a Parquet: ${errorMessage(error)}`;
    throw new Failure("FORMAT_INVALID", message, { cause: error });
  }
}

/**
 * Every chunk has to name a column of the schema. hyparquet finds out while other columns are
 * already being read, and then leaves a rejection unhandled, which would end the process.
 */
function checkPaths(metadata: FileMetaData): void {
  const root = parquetSchema(metadata);
  for (const { columns } of metadata.row_groups) {
    for (const { meta_data: chunk } of columns) {
      let node: typeof root | undefined = root;
      for (const name of chunk?.path_in_schema ?? []) {
        node = node?.children.find(({ element }) => element.name === name);
      }
      if (chunk !== undefined && node !== undefined) continue;
      throw new Failure("FORMAT_INVALID", "not a Parquet: a column is not in the schema");
    }
  }
}

/** Refuses what would have to be held in memory: the reader decodes whole row groups. */
function checkRowGroups(metadata: FileMetaData, wanted: number, limits: Limits): void {
  let rows = 0;
  for (const group of metadata.row_groups) {
    if (rows >= wanted) return;
    rows += Number(group.num_rows);
    let stored = 0;
    let decoded = 0;
    for (const { meta_data: chunk } of group.columns) {
      stored += Number(chunk?.total_compressed_size ?? 0);
      decoded += Number(chunk?.total_uncompressed_size ?? 0);
    }
    if (stored > limits.readBytes || decoded > DECODED_BYTES) {
      throw new NoSample(
        `a row group of ${stored} bytes (${decoded} decoded) is too large to read`,
      );
    }
  }
}

async function readRows(
  file: AsyncBuffer,
  metadata: FileMetaData,
  wanted: number,
  signal?: AbortSignal,
): Promise<Rows> {
  if (wanted === 0) return [];
  try {
    const options = { file, metadata, rowEnd: wanted, compressors, geoparquet: false };
    return await parquetReadObjects({ ...options, useOffsetIndex: true });
  } catch (error) {
    if (error instanceof Failure || signal?.aborted === true) throw error;
    throw new NoSample(`its pages cannot be decoded: ${errorMessage(error)}`);
  }
}

function writeRows(metadata: FileMetaData, rows: Rows): Uint8Array {
  const codec = metadata.row_groups[0]?.columns[0]?.meta_data?.codec ?? "UNCOMPRESSED";
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  try {
    return new Uint8Array(
      parquetWriteBuffer({
        columnData: columns.map((name) => ({ name, data: rows.map((row) => row[name]) })),
        schema: metadata.schema,
        codec,
        compressors: encoders,
        ...(metadata.key_value_metadata ? { kvMetadata: metadata.key_value_metadata } : {}),
        ...(metadata.created_by === undefined ? {} : { createdBy: metadata.created_by }),
      }),
    );
  } catch (error) {
    throw new NoSample(`it cannot be written again: ${errorMessage(error)}`);
  }
}

/** The sample has to have the schema and the rows of the original. */
async function checkKept(bytes: Uint8Array, metadata: FileMetaData, rows: Rows): Promise<void> {
  const file = {
    byteLength: bytes.length,
    slice: (s: number, e?: number) => bytes.slice(s, e).buffer,
  };
  const written = await parquetMetadataAsync(file, { geoparquet: false });
  const again = await readRows(file, written, rows.length);
  const kept = isDeepStrictEqual(plain(written.schema), plain(metadata.schema));
  if (!kept) throw new NoSample("its schema cannot be written again exactly");
  if (!isDeepStrictEqual(again, rows))
    throw new NoSample("its values cannot be written again exactly");
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
