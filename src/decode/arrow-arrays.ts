import type { Buffers } from "../formats/arrow/buffers.ts";
import type { Table } from "../formats/arrow/flatbuffer.ts";
import { invalid } from "../formats/arrow/messages.ts";
import { type ArrowScalar, scalarOf } from "./arrow-scalars.ts";
import { cellCharacters, cellOf } from "./cell.ts";
import { bytesText } from "./scalars.ts";

/** Numbers of the fields of a field (Schema.fbs, `Field`). */
export const FIELD = { name: 0, type: 2, parameters: 3, dictionary: 4, children: 5 } as const;
const VIEW_BYTES = 16;
const INLINE_BYTES = 12;

/** The values of an array, by their place; null where there is none. */
export interface ArrowArray {
  readonly length: number;
  at(index: number): unknown;
}

/** A batch that is read, and how far. */
export interface Batch {
  readonly header: Table;
  readonly lengths: readonly number[];
  readonly variadic: readonly number[];
  readonly buffers: Buffers;
  readonly isBigEndian: boolean;
  readonly hasUnionBitmaps: boolean;
  readonly dictionaries: ReadonlyMap<number, ArrowArray>;
  readonly next: { node: number; buffer: number; views: number };
}

/** Reads the arrays of fields, in the order of the batch. @throws as `readValues` */
export async function readArrays(batch: Batch, fields: readonly Table[]): Promise<ArrowArray[]> {
  const arrays: ArrowArray[] = [];
  for (const field of fields) arrays.push(await readArray(batch, field));
  return arrays;
}

async function readArray(batch: Batch, field: Table): Promise<ArrowArray> {
  const dictionary = field.table(FIELD.dictionary);
  if (dictionary === undefined) return readValues(batch, field);
  const length = nextLength(batch);
  const valid = await bitmap(batch);
  const index = scalarOf(2, dictionary.table(1), batch.isBigEndian) as ArrowScalar;
  const indexes = await nextBuffer(batch);
  const values = batch.dictionaries.get(dictionary.number(0, 8));
  return nullable(
    { length, at: (i) => values?.at(Number(cellOf(index.at(indexes, i)))) ?? null },
    valid,
  );
}

/**
 * Reads an array by the type of its values (Arrow columnar format, "Physical memory layout").
 * @throws Failure FORMAT_INVALID, RangeError, or what a codec throws
 */
export async function readValues(batch: Batch, field: Table): Promise<ArrowArray> {
  const type = field.number(FIELD.type, 1);
  const parameters = field.table(FIELD.parameters);
  const children = field.tables(FIELD.children);
  const length = nextLength(batch);
  const arrayOf = (at: (i: number) => unknown): ArrowArray => ({ length, at });
  if (type === 1) return arrayOf(() => null);
  if (type === 22) return readRuns(length, await readArrays(batch, children));
  const isUnion = type === 14;
  const valid = !isUnion || batch.hasUnionBitmaps ? await bitmap(batch) : undefined;
  if (isUnion) return nullable(await readUnion(batch, length, parameters, children), valid);
  const scalar = scalarOf(type, parameters, batch.isBigEndian);
  if (scalar !== undefined) {
    const values = await nextBuffer(batch);
    return nullable(
      arrayOf((i) => scalar.at(values, i)),
      valid,
    );
  }
  switch (type) {
    case 4:
    case 5:
    case 19:
    case 20: {
      const range = rangeOf(await nextBuffer(batch), type > 5 ? 8 : 4, batch.isBigEndian);
      const data = await nextBuffer(batch);
      const isText = type === 5 || type === 20;
      return nullable(
        arrayOf((i) => spelled(data.subarray(...range(i)), isText)),
        valid,
      );
    }
    case 12:
    case 17:
    case 21: {
      const range = rangeOf(await nextBuffer(batch), type === 21 ? 8 : 4, batch.isBigEndian);
      const [items] = await readArrays(batch, children);
      const list = (i: number) => itemsOf(items, ...range(i));
      return nullable(arrayOf(type === 17 ? (i) => entriesOf(list(i)) : list), valid);
    }
    case 25:
    case 26: {
      const width = type === 25 ? 4 : 8;
      const [offsets, sizes] = [await nextBuffer(batch), await nextBuffer(batch)];
      const [items] = await readArrays(batch, children);
      const integer = (from: Buffer, i: number) => integerAt(from, i, width, batch.isBigEndian);
      return nullable(
        arrayOf((i) =>
          itemsOf(items, integer(offsets, i), integer(offsets, i) + integer(sizes, i)),
        ),
        valid,
      );
    }
    case 16: {
      const size = parameters?.number(0, 4) ?? 0;
      const [items] = await readArrays(batch, children);
      return nullable(
        arrayOf((i) => itemsOf(items, i * size, (i + 1) * size)),
        valid,
      );
    }
    case 13: {
      const names = children.map((child) => child.text(FIELD.name));
      const arrays = await readArrays(batch, children);
      const members = (i: number) => arrays.map((array, k) => [names[k], array.at(i)]);
      return nullable(
        arrayOf((i) => Object.fromEntries(members(i))),
        valid,
      );
    }
    case 23:
    case 24:
      return nullable(arrayOf(await readViews(batch, type === 24)), valid);
    default:
      throw invalid(`the type ${type}`);
  }
}

function readRuns(length: number, [ends, values]: readonly ArrowArray[]): ArrowArray {
  let run = 0;
  return {
    length,
    at(i) {
      const endOf = (at: number) => Number(cellOf(ends?.at(at)) ?? Infinity);
      if (run > 0 && i < endOf(run - 1)) run = 0;
      while (run < (ends?.length ?? 0) && endOf(run) <= i) run += 1;
      return values?.at(run);
    },
  };
}

async function readUnion(
  batch: Batch,
  length: number,
  parameters: Table | undefined,
  children: readonly Table[],
): Promise<ArrowArray> {
  const isDense = parameters?.number(0, 2) === 1;
  const ids = parameters?.numbers(1, 4) ?? [];
  const types = await nextBuffer(batch);
  const offsets = isDense ? await nextBuffer(batch) : undefined;
  const arrays = await readArrays(batch, children);
  return {
    length,
    at(i) {
      const id = types.readInt8(i);
      const place = offsets === undefined ? i : integerAt(offsets, i, 4, batch.isBigEndian);
      return arrays[ids.length === 0 ? id : ids.indexOf(id)]?.at(place) ?? null;
    },
  };
}

/** Values that stand in their views, or in other buffers where they are long. */
async function readViews(batch: Batch, isText: boolean): Promise<(i: number) => unknown> {
  const views = await nextBuffer(batch);
  const count = batch.variadic[batch.next.views] ?? 0;
  batch.next.views += 1;
  const others: Buffer[] = [];
  for (let i = 0; i < count; i += 1) others.push(await nextBuffer(batch));
  return (i) => {
    const view = views.subarray(i * VIEW_BYTES, (i + 1) * VIEW_BYTES);
    const [size, , buffer, offset] = [0, 1, 2, 3].map((k) =>
      integerAt(view, k, 4, batch.isBigEndian),
    ) as [number, number, number, number];
    if (size <= INLINE_BYTES) return spelled(view.subarray(4, 4 + size), isText);
    return spelled((others[buffer] ?? Buffer.alloc(0)).subarray(offset, offset + size), isText);
  };
}

function nextLength(batch: Batch): number {
  const length = batch.lengths[batch.next.node];
  if (length === undefined) throw invalid("fewer arrays than its schema has");
  batch.next.node += 1;
  return length;
}

async function nextBuffer({ buffers, next }: Batch): Promise<Buffer> {
  const index = next.buffer;
  next.buffer += 1;
  return buffers.first(index, await buffers.length(index));
}

async function bitmap(batch: Batch): Promise<Buffer | undefined> {
  const bits = await nextBuffer(batch);
  return bits.length === 0 ? undefined : bits;
}

function nullable({ length, at }: ArrowArray, valid: Buffer | undefined): ArrowArray {
  if (valid === undefined) return { length, at };
  const isValid = (i: number) => (((valid[i >> 3] ?? 0) >> (i & 7)) & 1) === 1;
  return { length, at: (i) => (isValid(i) ? at(i) : null) };
}

/** The range of a value, by offsets. */
function rangeOf(offsets: Buffer, width: 4 | 8, isBigEndian: boolean) {
  return (i: number): [start: number, end: number] => [
    integerAt(offsets, i, width, isBigEndian),
    integerAt(offsets, i + 1, width, isBigEndian),
  ];
}

function integerAt(from: Buffer, index: number, width: 4 | 8, isBigEndian: boolean): number {
  const at = index * width;
  if (width === 4) return isBigEndian ? from.readInt32BE(at) : from.readInt32LE(at);
  return Number(isBigEndian ? from.readBigInt64BE(at) : from.readBigInt64LE(at));
}

/** Values of a list; more are not seen in a cell. */
function itemsOf(items: ArrowArray | undefined, start: number, end: number): unknown[] {
  const count = Math.min(Math.max(0, end - start), cellCharacters());
  return Array.from({ length: count }, (_, i) => items?.at(start + i) ?? null);
}

/** A map from its list of keys and values. */
function entriesOf(entries: readonly unknown[]): unknown {
  const pairs = entries.map((entry) => Object.values(entry as object) as unknown[]);
  return Object.fromEntries(pairs.map(([key, value]) => [String(key), value]));
}

function spelled(bytes: Buffer, isText: boolean): unknown {
  return isText ? bytes.toString("utf8") : bytesText(bytes);
}
