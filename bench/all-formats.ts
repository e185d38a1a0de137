import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import avsc from "avsc";
import { compressFrameSync, compressSync } from "lz4-napi";
import { readFileSync } from "node:fs";
import { bz2 } from "../src/formats/compressed/bz2.ts";
import type { Compression } from "../src/formats/compressed/compression.ts";
import { lzma } from "../src/formats/compressed/lzma-alone.ts";
import { z } from "../src/formats/compressed/z.ts";
import { xz } from "../src/formats/compressed/xz.ts";
import { xxh32 } from "../src/formats/codecs/xxh32.ts";
import { type Bodies, CSV_BYTES, mixedBodies } from "./small-files.ts";
import { csvOf } from "./small-lake.ts";

const ROWS = 500;
const COLUMNS = 500;
const MEDIUM_BYTES = 3_000_000;
const LZ4_BLOCK_BYTES = 4 * 1024 * 1024;
/** Independent blocks of at most 4 MiB, without checksums. */
const LZ4_FLAGS = Buffer.from([0x60, 0x70]);

/**
 * A body in every format and compression; some have a size where decoders need the most: whole
 * blocks of bzip2 and LZ4, many columns. `scratch` is a directory to write to.
 */
export async function allBodies(scratch: string): Promise<Bodies> {
  const [csv, medium] = [csvOf(CSV_BYTES), csvOf(MEDIUM_BYTES)];
  return {
    ...(await mixedBodies(scratch)),
    tsv: Buffer.from(csv.toString().replaceAll(",", "\t")),
    txt: Buffer.from(csv.toString().replaceAll(",", " ")),
    bin: randomBytes(CSV_BYTES),
    avro: await avroBody(),
    "csv.zst": zstdCompressSync(csv),
    "csv.lz4": Buffer.from(compressFrameSync(csv)),
    "csv.bz2": await packed(bz2, csv),
    "csv.xz": await packed(xz, csv),
    "medium.csv": medium,
    "medium.csv.gz": gzipSync(medium),
    "medium.csv.zst": zstdCompressSync(medium),
    "medium.csv.bz2": await packed(bz2, medium),
    "medium.csv.xz": await packed(xz, medium),
    "medium.csv.lz4": largeBlock(),
    "medium.csv.lzma": await packed(lzma, medium),
    "medium.csv.Z": await packed(z, medium),
    "wide.parquet": await wideParquet(join(scratch, "wide.parquet")),
    "parquet.gz": gzipSync(await wideParquet(join(scratch, "inside.parquet"))),
    ...fixtures(),
  };
}

/** Files of the tests, of formats that nothing here writes. */
function fixtures(): Bodies {
  const read = (path: string) => readFileSync(join(import.meta.dirname, "../fixtures", path));
  return {
    orc: read("orc/kinds.orc"),
    xlsx: read("xlsx/exactly-100.xlsx"),
    arrow: read("arrow/batches.arrow"),
    rss: read("xml/long-feed.rss"),
    dbf: read("dbf/exactly-100.dbf"),
    msgpack: read("msgpack/array-101.msgpack"),
    cbor: read("cbor/array-101.cbor"),
  };
}

function packed({ compress }: Compression, bytes: Buffer): Promise<Buffer> {
  return buffer(compress(once(bytes)));
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer, void, void> {
  yield bytes;
}

/** An LZ4 frame of one block of 4 MiB. */
function largeBlock(): Buffer {
  // The package puts the length of the content in front.
  const block = compressSync(csvOf(LZ4_BLOCK_BYTES)).subarray(4);
  const hash = xxh32();
  hash.add(LZ4_FLAGS);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(block.length);
  const check = Buffer.from([(hash.digest() >> 8) & 0xff]);
  const magic = Buffer.from("04224d18", "hex");
  return Buffer.concat([magic, LZ4_FLAGS, check, length, block, Buffer.alloc(4)]);
}

function avroBody(): Promise<Buffer> {
  const fields = [
    { name: "id", type: "int" },
    { name: "name", type: "string" },
  ];
  const type = avsc.Type.forSchema({ type: "record", name: "Row", fields } as avsc.Schema);
  const encoder = new avsc.streams.BlockEncoder(type, { codec: "deflate" });
  const bytes = buffer(encoder);
  for (let id = 0; id < ROWS; id += 1) encoder.write({ id, name: `name ${id}` });
  encoder.end();
  return bytes;
}

async function wideParquet(path: string): Promise<Buffer> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const columns = Array.from({ length: COLUMNS }, (_, i) => `i + ${i} AS c${i}`).join();
  await connection.run(
    `COPY (SELECT ${columns} FROM range(${ROWS}) t(i)) TO '${path}' (FORMAT parquet, CODEC 'zstd')`,
  );
  connection.closeSync();
  return readFileSync(path);
}
