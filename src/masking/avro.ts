import { avroHeader, type AvroHeader } from "../decode/avro-header.ts";
import type { AvroType } from "../decode/avro-schema.ts";
import { type AvroReader, avroReader } from "../decode/avro-values.ts";
import { codecOf } from "../formats/avro/codecs.ts";
import { MAGIC } from "../formats/avro/avro.ts";
import { SYNC_BYTES } from "../formats/avro/header.ts";
import { longBytes } from "../formats/avro/long.ts";
import { joined } from "../formats/avro/pieces.ts";
import { NoSample } from "../errors.ts";
import { avroCells, type AvroCell, type AvroCells } from "./avro-cells.ts";
import { type CellMask, maskCells } from "./cells.ts";
import type { MaskedSample, ToMask } from "./masked-sample.ts";
import { twosComplement, wholeWithin } from "./numbers.ts";
import { withKeys } from "./json-keys.ts";
import { impossible } from "./reasons.ts";
import { type Replacement, splice } from "./splice.ts";
import type { Masked } from "./transforms.ts";

/** Content of a block at most. */
const MOST_BYTES = 256 * 1024 * 1024;
/** The keys of a schema that readers need; others, such as `doc` and `default`, can hold values. */
const SCHEMA_KEYS: ReadonlySet<string> = new Set([
  "type",
  "name",
  "namespace",
  "fields",
  "items",
  "values",
  "symbols",
  "size",
  "logicalType",
  "precision",
  "scale",
]);

/** A block of records, decoded. */
interface Block {
  readonly records: number;
  readonly content: Buffer;
  readonly found: AvroCells;
}

/**
 * Masks the values of an Avro file, each as one of its type; its header keeps only schema and codec.
 * @throws NoSample
 */
export async function maskAvro({ bytes }: ToMask, mask: CellMask): Promise<MaskedSample> {
  const file = avroReader(Buffer.from(bytes));
  const header = readable(() => avroHeader(file));
  const { schema, codec, sync } = header;
  const blocks = await blocksOf(file, schema, codec);
  const cells = blocks.flatMap(({ found }) => found.cells);
  const { texts, warnings } = maskCells(
    cells,
    schema.fields.map(({ name }) => name),
    mask,
  );
  const pieces: Uint8Array[] = [headerOf(header, symbolsToHide(cells, texts))];
  let first = 0;
  for (const block of blocks) {
    const next = first + block.found.cells.length;
    const content = maskedContent(block, schema, texts.slice(first, next));
    first = next;
    const data = await codecOf(codec).encode(content);
    pieces.push(longBytes(block.records), longBytes(data.length), data, sync);
  }
  return { bytes: Buffer.concat(pieces), warnings };
}

async function blocksOf(file: AvroReader, schema: AvroType, codec: string): Promise<Block[]> {
  const blocks: Block[] = [];
  while (!file.isAtEnd()) {
    const { records, size, data } = readable(() => {
      const [records, size] = [file.long(), file.long()];
      return { records, size, data: file.bytes(size) };
    });
    const content = await joined(codecOf(codec).decode(only(data), size, MOST_BYTES));
    blocks.push({ records, content, found: avroCells(content, schema, records) });
    readable(() => file.bytes(SYNC_BYTES));
  }
  return blocks;
}

/**
 * The content of a block with masked values.
 * @throws NoSample where it does not have all others as they were
 */
function maskedContent(
  { records, content, found: { cells, parts } }: Block,
  schema: AvroType,
  texts: readonly (Masked | undefined)[],
): Buffer {
  const values = cells.flatMap((cell, i): Replacement[] => {
    const text = texts[i];
    return text === undefined ? [] : [{ ...cell, by: encoded(cell, text) }];
  });
  // Without its bytes a part may have any.
  const counts = parts.map(({ count, ...place }) => ({ ...place, by: longBytes(Number(count)) }));
  const masked = splice(
    content,
    [...values, ...counts].toSorted((a, b) => a.start - b.start),
  );
  const after = avroCells(masked, schema, records).cells;
  const isSame =
    after.length === cells.length &&
    cells.every(({ text }, i) => texts[i] !== undefined || after[i]?.text === text);
  if (!isSame) throw impossible("format");
  return masked;
}

/** A value in its type; no value is an empty text, or zero. */
function encoded({ type, kind }: AvroCell, masked: Masked): Uint8Array {
  const text = masked ?? (kind === "text" ? "" : "0");
  switch (type.kind) {
    case "boolean":
    case "enum":
      return Uint8Array.of(0);
    case "int":
      return zigzag(wholeWithin(text, 32));
    case "long":
      return zigzag(wholeWithin(text, 64));
    case "float": {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatLE(finite(text));
      return bytes;
    }
    case "double": {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(finite(text));
      return bytes;
    }
    case "fixed":
      return kind === "number"
        ? twosComplement(wholeWithin(text, 8 * type.size), type.size)
        : Buffer.alloc(type.size, text === "" ? "\0" : text);
    default: {
      const bytes = kind === "number" ? twosComplement(BigInt(text)) : Buffer.from(text);
      return Buffer.concat([longBytes(bytes.length), bytes]);
    }
  }
}

function finite(text: string): number {
  const number = Number(text);
  return Number.isFinite(number) ? number : 0;
}

function zigzag(number: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (number << 1n) ^ (number >> 63n));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Uint8Array.from([...bytes, Number(rest)]);
}

function headerOf(
  { json, codec, sync }: Pick<AvroHeader, "json" | "codec" | "sync">,
  hidden: ReadonlySet<string>,
): Buffer {
  const schema = JSON.stringify(withoutSymbols(withKeys(JSON.parse(json), SCHEMA_KEYS), hidden));
  const metadata = { "avro.schema": schema, "avro.codec": codec };
  const pairs = Object.entries(metadata).flatMap((pair) =>
    pair.flatMap((text) => [longBytes(Buffer.byteLength(text)), Buffer.from(text)]),
  );
  return Buffer.concat([Buffer.from(MAGIC), longBytes(2), ...pairs, longBytes(0), sync]);
}

/** The symbols of enums of which a value is masked, in JSON: they are such values themselves. */
function symbolsToHide(
  cells: readonly AvroCell[],
  texts: readonly (Masked | undefined)[],
): ReadonlySet<string> {
  const enums = cells.filter(({ type }, i) => type.kind === "enum" && texts[i] !== undefined);
  return new Set(enums.map(({ type }) => JSON.stringify(type.symbols)));
}

/** A schema, in which symbols to be hidden are numbered. */
function withoutSymbols(node: unknown, hidden: ReadonlySet<string>): unknown {
  if (Array.isArray(node)) {
    return hidden.has(JSON.stringify(node))
      ? node.map((_, i) => `S${i}`)
      : node.map((one) => withoutSymbols(one, hidden));
  }
  if (typeof node !== "object" || node === null) return node;
  const pairs = Object.entries(node).map(([key, value]) => [key, withoutSymbols(value, hidden)]);
  return Object.fromEntries(pairs);
}

/** Reads, and takes what is not as it should be for what cannot be masked. */
function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof NoSample) throw error;
    throw impossible("format");
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}
