import { codecOf } from "../formats/avro/codecs.ts";
import { SYNC_BYTES } from "../formats/avro/header.ts";
import { collect } from "../lib/collect.ts";
import { type AvroHeader, avroHeader } from "./avro-header.ts";
import type { AvroType } from "./avro-schema.ts";
import { type AvroReader, avroReader } from "./avro-values.ts";

/** Bytes that a block of a sample holds at most. */
const MAX_BLOCK_BYTES = 16 * 1024 * 1024;

/** A sample of an Avro file. */
export interface AvroFile extends AvroHeader {
  /** Returns the first records, for `cellOf`; once. @throws Failure FORMAT_INVALID */
  read(rows: number): Promise<readonly unknown[]>;
}

/** Opens a sample. @throws Failure FORMAT_INVALID */
export function openAvro(bytes: Buffer): AvroFile {
  const file = avroReader(bytes);
  const header = avroHeader(file);
  return { ...header, read: (rows) => valuesOf(file, { ...header, rows }) };
}

/** The first records, block after block. */
async function valuesOf(
  file: AvroReader,
  {
    schema,
    codec,
    rows,
  }: { readonly schema: AvroType; readonly codec: string; readonly rows: number },
): Promise<readonly unknown[]> {
  const values: unknown[] = [];
  while (values.length < rows && !file.isAtEnd()) {
    const records = file.long();
    const size = file.long();
    const data = codecOf(codec).decode(only(file.bytes(size)), size, MAX_BLOCK_BYTES);
    const block = avroReader(size === 0 ? Buffer.alloc(0) : (await collect(data)).bytes);
    for (let left = records; left > 0 && values.length < rows; left -= 1) {
      values.push(block.value(schema));
    }
    file.bytes(SYNC_BYTES);
  }
  return values;
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}
