import { Failure } from "../../errors.ts";
import type { ByteReader } from "../../lib/byte-reader.ts";
import { MAGIC } from "./avro.ts";
import { longReader } from "./long.ts";
import { PIECE_BYTES } from "./pieces.ts";
import { mapOf, parseSchema, type Schema } from "./schema.ts";
import { valueScanner } from "./value-scanner.ts";

/** The header of a file. */
export interface Header {
  /** The header as it stands in the file. */
  readonly bytes: Uint8Array;
  /** Of the records. */
  readonly schema: Schema;
  readonly codec: string;
  /** The 16 bytes after each block. */
  readonly sync: Buffer;
}

/** Bytes of a sync marker. */
export const SYNC_BYTES = 16;
/** Bytes of a header at most; the schemas of real files have some KiB. */
const MOST_BYTES = 4 * 1024 * 1024;

/** The header as a value: the magic, metadata, the sync marker. */
const headerSchema: Schema = {
  kind: "record",
  fields: [
    { kind: "fixed", bytes: MAGIC.length },
    mapOf({ kind: "bytes" }),
    { kind: "fixed", bytes: SYNC_BYTES },
  ],
};

/**
 * Reads the header of a file that is known to be Avro; the reader then stands at the first block.
 * Source: Avro 1.12, "Object Container Files".
 * @throws Failure FORMAT_INVALID, and LIMIT_EXCEEDED for a header above 4 MiB.
 */
export async function readHeader(reader: ByteReader): Promise<Header> {
  const bytes = await takeHeader(reader);
  const metadata = metadataOf(bytes);
  const schema = metadata.get("avro.schema");
  if (schema === undefined) throw new Failure("FORMAT_INVALID", "an Avro file without a schema");
  return {
    bytes,
    schema: parseSchema(schema),
    codec: metadata.get("avro.codec") ?? "null",
    sync: bytes.subarray(-SYNC_BYTES),
  };
}

async function takeHeader(reader: ByteReader): Promise<Buffer> {
  const scanner = valueScanner(headerSchema);
  const held: Uint8Array[] = [];
  while (reader.offset() < MOST_BYTES) {
    const chunk = await reader.peek(PIECE_BYTES);
    if (chunk.length === 0) throw new Failure("FORMAT_INVALID", "the Avro header is cut off");
    const end = scanner.next(chunk, 0, chunk.length);
    const piece = end < 0 ? chunk : chunk.subarray(0, end);
    held.push(piece);
    await reader.skip(piece.length);
    if (end >= 0) return Buffer.concat(held);
  }
  throw new Failure("LIMIT_EXCEEDED", `an Avro header of more than ${MOST_BYTES} bytes`);
}

/** The metadata of a header that is known to be whole. Values that are not text are of no use. */
function metadataOf(bytes: Uint8Array): Map<string, string> {
  const metadata = new Map<string, string>();
  const toNumber = longReader();
  let at = MAGIC.length;
  for (let count = readLong(); count !== 0; count = readLong()) {
    if (count < 0) readLong();
    for (let left = Math.abs(count); left > 0; left -= 1) metadata.set(readText(), readText());
  }
  return metadata;

  function readLong(): number {
    for (;;) {
      const long = toNumber(bytes[at] as number);
      at += 1;
      if (long !== undefined) return long;
    }
  }

  function readText(): string {
    const end = readLong() + at;
    const text = Buffer.from(bytes.subarray(at, end)).toString();
    at = end;
    return text;
  }
}
