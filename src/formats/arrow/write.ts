import type { Buffers } from "./buffers.ts";
import type { CutBatch } from "./cut.ts";
import type { Message } from "./messages.ts";

const ALIGNMENT = 8;

/**
 * A batch with other rows: its metadata stay as they are, but for lengths and places.
 * @returns the message and its body
 */
export function writeBatch(
  { bytes: metadata, root, header }: Message,
  rows: number,
  { nodes, buffers }: CutBatch,
  { packed }: Buffers,
): { readonly metadata: Buffer; readonly body: Buffer } {
  const stored = buffers.map(packed);
  const places = header.structs(2, 16);
  const body: Buffer[] = [];
  let at = 0;
  for (const [i, bytes] of stored.entries()) {
    places[i]?.writeBigInt64LE(BigInt(at), 0);
    places[i]?.writeBigInt64LE(BigInt(bytes.length), 8);
    const padding = Buffer.alloc(-bytes.length & (ALIGNMENT - 1));
    body.push(bytes, padding);
    at += bytes.length + padding.length;
  }
  for (const [i, node] of header.structs(1, 16).entries()) {
    const [length = 0, nulls = 0] = nodes[i] ?? [];
    node.writeBigInt64LE(BigInt(length), 0);
    node.writeBigInt64LE(BigInt(nulls), 8);
  }
  header.setNumber(0, rows);
  root.setNumber(3, at);
  return { metadata, body: Buffer.concat(body) };
}
