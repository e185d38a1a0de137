import { errorMessage } from "../errors.ts";
import { openBuffers } from "../formats/arrow/buffers.ts";
import type { Table } from "../formats/arrow/flatbuffer.ts";
import { layoutsOf } from "../formats/arrow/layout.ts";
import {
  DICTIONARY,
  FOOTER,
  invalid,
  isArrowFile,
  type Message,
  messageAt,
  messagesOf,
  readFooter,
  RECORDS,
} from "../formats/arrow/messages.ts";
import { columnsOf } from "../formats/facts/arrow.ts";
import { type ArrowArray, type Batch, FIELD, readArrays, readValues } from "./arrow-arrays.ts";
import type { DecodedRows } from "./decoded-rows.ts";

/** Decompressed bytes for each compressed one, at most. */
const RATIO = 1000;
/**
 * Decodes the first rows of a sample.
 * @throws Failure FORMAT_INVALID, or RangeError, where it has no schema
 */
export async function decodeArrow(bytes: Uint8Array, most: number): Promise<DecodedRows> {
  const read = async (start: number, end: number) => bytes.subarray(start, end);
  const footer = isArrowFile(bytes) ? await readFooter(read, bytes.length) : undefined;
  const schema = footer?.root.table(FOOTER.schema) ?? (await messageAt(read, 0))?.header;
  const columns = columnsOf(schema);
  const dictionaries = new Map<number, ArrowArray>();
  const rows: unknown[][] = [];
  try {
    if (schema !== undefined) await addRows(schema);
  } catch (error) {
    return { columns, rows, fault: errorMessage(error) };
  }
  return { columns, rows, fault: undefined };

  async function addRows(schema_: Table): Promise<void> {
    // Checks that it has few fields, and these known types.
    layoutsOf(schema_);
    for await (const message of messagesOf(read, footer)) {
      if (rows.length >= most) return;
      if (message.kind === DICTIONARY) await addDictionary(message, schema_);
      if (message.kind !== RECORDS) continue;
      const batch = batchOf(message, message.header, schema_);
      const arrays = await readArrays(batch, schema_.tables(1));
      const count = Math.min(message.header.number(0, 8), most - rows.length);
      for (let i = 0; i < count; i += 1) rows.push(arrays.map((array) => array.at(i)));
    }
  }

  function batchOf(message: Message, header: Table, schema_: Table): Batch {
    return {
      header,
      lengths: header.structs(1, 16).map((node) => Number(node.readBigInt64LE(0))),
      variadic: header.numbers(4, 8),
      buffers: openBuffers(read, { ...message, header }, { ratio: RATIO }),
      isBigEndian: schema_.number(0, 2) === 1,
      hasUnionBitmaps: message.root.number(0, 2) < 4,
      dictionaries,
      next: { node: 0, buffer: 0, views: 0 },
    };
  }

  async function addDictionary(message: Message, schema_: Table): Promise<void> {
    const [id, data] = [message.header.number(0, 8), message.header.table(1)];
    const field = fieldWith(id, schema_.tables(1));
    if (data === undefined || field === undefined) throw invalid("a dictionary of no column");
    const added = await readValues(batchOf(message, data, schema_), field);
    const before = message.header.number(2, 1) === 1 ? dictionaries.get(id) : undefined;
    dictionaries.set(id, before === undefined ? added : joined(before, added));
  }
}

function fieldWith(dictionary: number, fields: readonly Table[]): Table | undefined {
  for (const field of fields) {
    if (field.table(FIELD.dictionary)?.number(0, 8) === dictionary) return field;
    const found = fieldWith(dictionary, field.tables(FIELD.children));
    if (found !== undefined) return found;
  }
  return undefined;
}

function joined(first: ArrowArray, second: ArrowArray): ArrowArray {
  return {
    length: first.length + second.length,
    at: (i) => (i < first.length ? first.at(i) : second.at(i - first.length)),
  };
}
