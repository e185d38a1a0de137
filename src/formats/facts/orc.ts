import { inflateRawSync, zstdDecompressSync } from "node:zlib";
import { Failure } from "../../errors.ts";
import { lz4Prefix } from "../codecs/lz4-block.ts";
import { hasBytes } from "../../lib/signature.ts";
import { snappyPrefix } from "../codecs/snappy-block.ts";
import type { Source } from "../../lib/source.ts";
import type { Column, Facts } from "./facts.ts";
import { fieldsOf, numbersIn } from "./protobuf.ts";

/** Bytes of a footer that are read or decompressed, at most. */
const MAX_FOOTER_BYTES = 4 * 1024 * 1024;
const options = { maxOutputLength: MAX_FOOTER_BYTES };

const codecs: readonly { readonly name: string; undo?(chunk: Uint8Array): Uint8Array }[] = [
  { name: "none", undo: (chunk) => chunk },
  { name: "zlib", undo: (chunk) => inflateRawSync(chunk, options) },
  { name: "snappy", undo: (chunk) => snappyPrefix(chunk, MAX_FOOTER_BYTES) },
  { name: "lzo" },
  { name: "lz4", undo: (chunk) => lz4Prefix(chunk, MAX_FOOTER_BYTES) },
  { name: "zstd", undo: (chunk) => zstdDecompressSync(chunk, options) },
];

/** Kinds of types, by their number (orc_proto.proto, `Type.Kind`). */
const types =
  "boolean tinyint smallint int bigint float double string binary timestamp array map struct union decimal date varchar char timestamp_instant geometry geography".split(
    " ",
  );

/** True for an ORC file. */
export function isOrc(head: Uint8Array, name: string): boolean {
  return hasBytes(head, [0x4f, 0x52, 0x43]) && (head[3] === 0 || /\.orc$/i.test(name));
}

/**
 * Rows, columns and codec of an ORC file, from its footer. Layout (ORC specification v1):
 * `… footer, postscript, the length of the postscript in a byte`.
 */
export async function orcFacts(read: NonNullable<Source["slice"]>, size: number): Promise<Facts> {
  const tail = Buffer.from(await read(Math.max(0, size - 256), size));
  const end = tail.length - 1;
  const postscript = tail.subarray(Math.max(0, end - tail.readUInt8(end)), end);
  let length = 0;
  let codec = codecs[0];
  for (const { id, number } of fieldsOf(postscript)) {
    if (id === 1) length = number;
    if (id === 2) codec = codecs[number];
  }
  if (codec?.undo === undefined || length === 0 || length > MAX_FOOTER_BYTES) {
    throw new Failure("FORMAT_INVALID", `an ORC footer of ${length} bytes in ${codec?.name}`);
  }
  const footerEnd = size - 1 - postscript.length;
  const stored = Buffer.from(await read(footerEnd - length, footerEnd));
  const footer = codec.name === "none" ? stored : unpacked(stored, codec.undo);
  return { ...footerFacts(footer), codec: codec.name };
}

/** Joins chunks: a header of 3 bytes (length × 2, plus 1 where it is not compressed), then data. */
function unpacked(stored: Buffer, undo: (chunk: Uint8Array) => Uint8Array): Buffer {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (let at = 0; at + 3 <= stored.length && bytes <= MAX_FOOTER_BYTES;) {
    const header = stored.readUIntLE(at, 3);
    const chunk = stored.subarray(at + 3, at + 3 + (header >> 1));
    const part = header % 2 === 1 ? chunk : undo(chunk);
    parts.push(part);
    bytes += part.length;
    at += 3 + chunk.length;
  }
  return Buffer.concat(parts);
}

function footerFacts(footer: Buffer): Facts {
  const kinds: string[] = [];
  let names: string[] = [];
  let children: number[] = [];
  let rows = 0;
  for (const { id, number, bytes } of fieldsOf(footer)) {
    if (id === 6) rows = number;
    if (id !== 4) continue;
    const type = typeOf(bytes);
    // The first type is the row: a struct of the columns.
    if (kinds.length === 0) ({ names, children } = type);
    kinds.push(types[type.kind] ?? "unknown");
  }
  const columns: Column[] = names.map((name, i) => {
    return { name, type: kinds[children[i] ?? -1] ?? "unknown" };
  });
  return { rows, columns };
}

function typeOf(message: Buffer): { kind: number; names: string[]; children: number[] } {
  const names: string[] = [];
  const children: number[] = [];
  let kind = 0;
  for (const { id, number, bytes } of fieldsOf(message)) {
    if (id === 1) kind = number;
    if (id === 2 && bytes.length === 0) children.push(number);
    if (id === 2) children.push(...numbersIn(bytes));
    if (id === 3) names.push(bytes.toString("utf8"));
  }
  return { kind, names, children };
}
