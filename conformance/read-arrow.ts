import { readFileSync } from "node:fs";
import { zstdDecompressSync } from "node:zlib";
import { CompressionType, compressionRegistry, type Table, tableFromIPC } from "apache-arrow";
import { decompressFrameSync } from "lz4-napi";
import type { Rows } from "./rows.ts";
import { shorten, spell } from "./spell.ts";

// Apache Arrow brings no codecs of its own.
compressionRegistry.set(CompressionType.LZ4_FRAME, {
  decode: (data) => decompressFrameSync(Buffer.from(data)),
});
compressionRegistry.set(CompressionType.ZSTD, { decode: zstdDecompressSync });

/** Reads a file or stream of Arrow with Apache Arrow's own JavaScript. */
export async function readArrow(path: string, limit: number): Promise<Rows> {
  const table = tableFromIPC(new Uint8Array(readFileSync(path)));
  return rowsOf(table, Math.min(limit, table.numRows));
}

/** The columns of a table as they describe themselves, and its first rows. */
export function rowsOf(table: Table, count: number): Rows {
  const { fields, metadata } = table.schema;
  const columns = fields.map((field) => {
    return `${field.name} ${field.type} ${field.nullable} ${spell(field.metadata)}`;
  });
  const rows = Array.from({ length: count }, (_, row) =>
    fields.map((_, column) => shorten(spell(table.getChildAt(column)?.get(row)))),
  );
  return { columns: [...columns, spell(metadata)].map(shorten), rows };
}
