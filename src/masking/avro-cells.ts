import type { AvroType } from "../decode/avro-schema.ts";
import type { PlacedCell } from "./cells.ts";
import { bytesAsText, unscaled } from "./numbers.ts";
import { impossible } from "./reasons.ts";

/** A value in a block, and its type. */
export interface AvroCell extends PlacedCell {
  readonly type: AvroType;
}

/** The beginning of a part of an array or map that tells its bytes, which will be others. */
export interface SizedPart {
  readonly start: number;
  readonly end: number;
  readonly count: bigint;
}

/** The values of a block. */
export interface AvroCells {
  readonly cells: readonly AvroCell[];
  readonly parts: readonly SizedPart[];
}

const DEEPEST = 1000;
const MOST_SHIFT = 63n;
const string: Pick<AvroType, "kind"> = { kind: "string" };

/**
 * Finds the values of a block's records. Paths are dotted, with `[]` for the elements of arrays; keys
 * of maps are like those of JSON objects. Source: Avro 1.12, "Binary Encoding".
 * @throws NoSample where the block is not what its schema says
 */
export function avroCells(content: Buffer, schema: AvroType, records: number): AvroCells {
  const cells: AvroCell[] = [];
  const parts: SizedPart[] = [];
  let at = 0;
  let depth = 0;
  for (let left = records; left > 0; left -= 1) value(schema, "");
  if (at !== content.length) throw impossible("format");
  return { cells, parts };

  function value(type: AvroType, path: string): void {
    depth += 1;
    if (depth > DEEPEST) throw impossible("format");
    read(type, path);
    depth -= 1;
  }

  function read(type: AvroType, path: string): void {
    const start = at;
    switch (type.kind) {
      case "null":
        return;
      case "boolean":
        return add("boolean", path, start, type, skip(1)[0] === 1 ? "true" : "false");
      case "int":
      case "long":
        return add("number", path, start, type, String(long()));
      case "float":
        return add("number", path, start, type, String(skip(4).readFloatLE()));
      case "double":
        return add("number", path, start, type, String(skip(8).readDoubleLE()));
      case "enum":
        return add("text", path, start, type, type.symbols[Number(long())] ?? "");
      case "fixed":
        return addBytes(skip(type.size), path, start, type);
      case "bytes":
      case "string":
        return addBytes(skip(Number(long())), path, start, type);
      case "union":
        return value(branchOf(type, Number(long())), path);
      case "array":
        return items(() => value(type.items as AvroType, `${path}[]`));
      case "map":
        return items(() => entry(type.items as AvroType, path));
      case "record":
        for (const { name, type: inner } of type.fields)
          value(inner, path === "" ? name : `${path}.${name}`);
        return;
      default:
        throw impossible("format");
    }
  }

  function entry(type: AvroType, path: string): void {
    const start = at;
    const key = skip(Number(long())).toString();
    cells.push({
      path,
      kind: "text",
      text: key,
      isKey: true,
      start,
      end: at,
      type: string as AvroType,
    });
    value(type, `${path}.${key}`);
  }

  function items(one: () => void): void {
    for (;;) {
      const start = at;
      const count = long();
      const left = count < 0n ? -count : count;
      if (count < 0n) {
        long();
        parts.push({ start, end: at, count: left });
      }
      if (count === 0n) return;
      for (let i = 0n; i < left; i += 1n) one();
    }
  }

  function addBytes(bytes: Buffer, path: string, start: number, type: AvroType): void {
    if (type.logical !== "decimal") add("text", path, start, type, bytesAsText(bytes));
    else add("number", path, start, type, String(unscaled(bytes)));
  }

  function add(
    kind: AvroCell["kind"],
    path: string,
    start: number,
    type: AvroType,
    text: string,
  ): void {
    if (path === "") throw impossible("nameless");
    cells.push({ path, kind, text, start, end: at, type });
  }

  function skip(count: number): Buffer {
    if (!(count >= 0 && count <= content.length - at)) throw impossible("format");
    at += count;
    return content.subarray(at - count, at);
  }

  function long(): bigint {
    let zigzag = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = skip(1)[0] as number;
      zigzag |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, (zigzag >> 1n) ^ -(zigzag & 1n));
      if (shift > MOST_SHIFT) throw impossible("format");
    }
  }
}

function branchOf({ branches }: AvroType, index: number): AvroType {
  const branch = branches[index];
  if (branch === undefined) throw impossible("format");
  return branch;
}
