import { MAGIC } from "../formats/avro/avro.ts";
import { SYNC_BYTES } from "../formats/avro/header.ts";
import { type AvroType, parseAvroSchema } from "./avro-schema.ts";
import type { AvroReader } from "./avro-values.ts";

/** The parts of a file's header that tell how to read it. */
export interface AvroHeader {
  readonly schema: AvroType;
  /** `null`, `deflate`, … */
  readonly codec: string;
  /** The schema as it is written. */
  readonly json: string;
  /** The 16 bytes after each block. */
  readonly sync: Buffer;
}

/**
 * Reads the header of a file that the sampler wrote. Source: Avro 1.12, "Object Container Files".
 * @throws Failure FORMAT_INVALID
 */
export function avroHeader(file: AvroReader): AvroHeader {
  file.bytes(MAGIC.length);
  const metadata = metadataIn(file);
  const sync = file.bytes(SYNC_BYTES);
  const json = metadata.get("avro.schema") ?? "null";
  return { schema: parseAvroSchema(json), codec: metadata.get("avro.codec") ?? "null", json, sync };
}

/** The fields of the outermost record; any other schema is one field, `value`. */
export function fieldsOfAvro(schema: AvroType): AvroType["fields"] {
  return schema.kind === "record" ? schema.fields : [{ name: "value", type: schema }];
}

function metadataIn(file: AvroReader): Map<string, string> {
  const metadata = new Map<string, string>();
  for (let count = file.long(); count !== 0; count = file.long()) {
    if (count < 0) file.long();
    for (let left = Math.abs(count); left > 0; left -= 1) {
      const key = file.bytes(file.long()).toString();
      metadata.set(key, file.bytes(file.long()).toString());
    }
  }
  return metadata;
}
