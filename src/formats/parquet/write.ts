import { compress } from "./codecs.ts";
import { PLAIN, RLE } from "./encodings.ts";
import type { Chunk, Footer, RowGroup } from "./footer.ts";
import { encodeLevels } from "./levels.ts";
import { BOOLEAN, type Leaf } from "./schema.ts";
import type { ColumnSlice } from "./slice.ts";
import type { Raw } from "./thrift.ts";
import { i32, i64, listOf, structOf, type Value, written } from "./thrift-write.ts";

/** The magic bytes at both ends of a Parquet file. */
export const MAGIC = Buffer.from("PAR1");

/** Page types (parquet.thrift, `PageType`). */
const DATA_PAGE = 0;
const DATA_PAGE_V2 = 3;
/** Bytes of the length in front of the levels of a page V1. */
const LENGTH_BYTES = 4;
const STRUCT = 12;
const I32 = 5;

/** A column chunk of the sample, as its row group knows it. */
export interface ChunkEntry {
  /** ColumnChunk (parquet.thrift). */
  readonly metadata: Raw;
  /** Bytes of its page, header included, before compression and after. */
  readonly decompressed: number;
  readonly stored: number;
}

/** A page, header included, and its bytes before compression. */
interface Page {
  readonly bytes: Uint8Array;
  readonly decompressed: number;
}

/**
 * Writes a column as one PLAIN page, in the column's own codec. `at` is the place where it will
 * stand, in bytes from the start of the file.
 */
export async function writeChunk(
  slice: ColumnSlice,
  { leaf, chunk, at }: { readonly leaf: Leaf; readonly chunk: Chunk; readonly at: number },
): Promise<{ readonly bytes: Uint8Array; readonly entry: ChunkEntry }> {
  const { entries = 0, nulls = 0 } = slice.rows.at(-1) ?? {};
  const hasSpare = slice.hasSpareLevels && leaf.untold > 0;
  const page = await (hasSpare ? withSpareLevels : writePage)(slice, leaf, chunk.codec);
  const { bytes, decompressed } = page;
  const metadata = structOf({
    1: i32(leaf.type),
    2: listOf(I32, [i32(PLAIN), i32(RLE)]),
    3: chunk.path,
    4: i32(chunk.codec),
    5: i64(entries),
    6: i64(decompressed),
    7: i64(bytes.length),
    8: chunk.keyValues,
    9: i64(at),
    12: structOf({ 3: i64(nulls) }),
  });
  // The offset of the chunk is deprecated, and to be 0 where the metadata is here.
  const chunkMetadata = written(structOf({ 2: i64(0), 3: metadata }));
  return { bytes, entry: { metadata: chunkMetadata, decompressed, stored: bytes.length } };
}

/** A page V1. */
async function writePage(slice: ColumnSlice, leaf: Leaf, codec: number): Promise<Page> {
  const { entries = 0 } = slice.rows.at(-1) ?? {};
  const body = Buffer.concat([
    leaf.maxRep === 0 ? new Uint8Array() : encodeLevels(slice.rep),
    leaf.maxDef === 0 ? new Uint8Array() : encodeLevels(slice.def),
    valuesOf(slice, leaf),
  ]);
  const stored = await compress(codec, body);
  const header = written(
    structOf({
      1: i32(DATA_PAGE),
      2: i32(body.length),
      3: i32(stored.length),
      5: structOf({ 1: i32(entries), 2: i32(PLAIN), 3: i32(RLE), 4: i32(RLE) }),
    }),
  ).bytes;
  const bytes = Buffer.concat([header, stored]);
  return { bytes, decompressed: header.length + body.length };
}

/**
 * A page V2 with the definition levels of a column that some readers take to have some: those read
 * them, and the others pass over as many bytes as the header says.
 */
async function withSpareLevels(slice: ColumnSlice, leaf: Leaf, codec: number): Promise<Page> {
  const { entries = 0 } = slice.rows.at(-1) ?? {};
  const levels = encodeLevels(new Uint8Array(entries).fill(leaf.untold)).subarray(LENGTH_BYTES);
  const values = valuesOf(slice, leaf);
  const stored = await compress(codec, values);
  const page = structOf({
    1: i32(entries),
    2: i32(0),
    3: i32(entries),
    4: i32(PLAIN),
    5: i32(levels.length),
    6: i32(0),
  });
  const header = written(
    structOf({
      1: i32(DATA_PAGE_V2),
      2: i32(levels.length + values.length),
      3: i32(levels.length + stored.length),
      8: page,
    }),
  ).bytes;
  const bytes = Buffer.concat([header, levels, stored]);
  return { bytes, decompressed: header.length + levels.length + values.length };
}

function valuesOf({ values }: ColumnSlice, { type }: Leaf): Uint8Array {
  return type === BOOLEAN ? packBits(values) : values;
}

/** The metadata of a row group. */
export function writeRowGroup(
  chunks: readonly ChunkEntry[],
  rows: number,
  { sorting }: RowGroup,
): Raw {
  const sum = (bytes: readonly number[]): Value => i64(bytes.reduce((a, b) => a + b, 0));
  const columns = chunks.map(({ metadata }) => metadata);
  return written(
    structOf({
      1: listOf(STRUCT, columns),
      2: sum(chunks.map(({ decompressed }) => decompressed)),
      3: i64(rows),
      4: sorting,
      6: sum(chunks.map(({ stored }) => stored)),
    }),
  );
}

/** The end of the file: its metadata, their length and the magic bytes. */
export function writeFooter({ kept }: Footer, groups: readonly Raw[], rows: number): Uint8Array {
  const { bytes } = written(structOf({ ...kept, 3: i64(rows), 4: listOf(STRUCT, groups) }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([bytes, length, MAGIC]);
}

/** A bit for each value, the lowest bit first. */
function packBits(values: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(values.length / 8));
  for (const [i, value] of values.entries())
    out[i >> 3] = (out[i >> 3] as number) | (value << (i & 7));
  return out;
}
