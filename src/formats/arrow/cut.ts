import type { Buffers } from "./buffers.ts";
import type { Layout } from "./layout.ts";
import { invalid, type Message } from "./messages.ts";

const NODE_BYTES = 16;
const VIEW_BYTES = 16;
/** Bytes of a view's value up to which it stands in the view itself. */
const INLINE_BYTES = 12;

/** Thrown where rows have more bytes than there is room for. */
const FULL = new Error("there is no room for these rows");

/** The first rows of a batch. */
export interface CutBatch {
  /** Length and number of nulls of each array. */
  readonly nodes: readonly (readonly [length: number, nulls: number])[];
  readonly buffers: readonly Buffer[];
  /** Bytes of all buffers. */
  readonly bytes: number;
}

/** A batch, and what is needed to understand it. */
export interface BatchSource {
  readonly message: Message;
  readonly buffers: Buffers;
  readonly layouts: readonly Layout[];
  readonly isBigEndian: boolean;
  /** True before version 1.0 of the format, where unions have a bitmap, too. */
  readonly isOld: boolean;
}

/**
 * Cuts a batch after some rows; undefined where these have more than `room` bytes.
 * @throws Failure FORMAT_INVALID where the batch is not what its schema says; what reading throws
 */
export async function cutBatch(
  batch: BatchSource,
  rows: number,
  room: number,
): Promise<CutBatch | undefined> {
  try {
    return await cutArrays(batch, rows, room);
  } catch (error) {
    if (error === FULL) return undefined;
    throw error;
  }
}

async function cutArrays(
  { message, buffers: source, layouts, isBigEndian, isOld }: BatchSource,
  rows: number,
  room: number,
): Promise<CutBatch> {
  const lengths = message.header
    .structs(1, NODE_BYTES)
    .map((node) => Number(node.readBigInt64LE(0)));
  const variadic = message.header.numbers(4, 8);
  const nodes: [number, number][] = [];
  const buffers: Buffer[] = [];
  let views = 0;
  let bytes = 0;

  for (const layout of layouts) await cut(layout, rows);
  if (nodes.length < lengths.length || buffers.length < source.count) {
    throw invalid("more arrays than its schema has");
  }
  return { nodes, buffers, bytes };

  async function cut(layout: Layout, count: number): Promise<void> {
    const length = lengths[nodes.length];
    if (length === undefined || count > length) throw invalid("an array is shorter than its batch");
    const node: [number, number] = [count, layout.form === "null" ? count : 0];
    nodes.push(node);
    const hasBitmap = !["null", "runs"].includes(layout.form) && (!isUnion(layout) || isOld);
    const valid = hasBitmap ? await bitmap(count) : undefined;
    if (valid !== undefined) node[1] = count - ones(valid, count);
    await cutValues(layout, count, length, valid);
  }

  async function cutValues(
    layout: Layout,
    count: number,
    length: number,
    valid: Buffer | undefined,
  ): Promise<void> {
    const isValid = (i: number) => valid === undefined || bitAt(valid, i);
    const { children } = layout;
    switch (layout.form) {
      case "null":
        return;
      case "fixed":
        await take(Math.ceil((count * layout.bits) / 8));
        return;
      case "variable":
        await take(await lastOffset(count, layout.bytes));
        return;
      case "list":
        return cutAll(children, await lastOffset(count, layout.bytes));
      case "fixedList":
        return cutAll(children, count * layout.size);
      case "struct":
        return cutAll(children, count);
      case "sparse":
        await take(count);
        return cutAll(children, count);
      case "dense":
        return cutDense(layout.typeIds, children, count);
      case "listView":
        return cutAll(children, await lastViewed(count, layout.bytes));
      case "runs":
        return cutRuns(children, count);
      case "views":
        return cutViews(count, length, isValid);
    }
  }

  async function cutAll(children: readonly Layout[], count: number): Promise<void> {
    for (const child of children) await cut(child, count);
  }

  /** Takes the first bytes of the next buffer. */
  async function take(wanted: number): Promise<Buffer> {
    bytes += wanted;
    if (bytes > room) throw FULL;
    const taken = await source.first(buffers.length, wanted);
    buffers.push(taken);
    return taken;
  }

  /** Takes a bitmap of nulls; undefined where there is none, since there are no nulls. */
  async function bitmap(count: number): Promise<Buffer | undefined> {
    const all = await source.length(buffers.length);
    const taken = await take(all === 0 ? 0 : Math.ceil(count / 8));
    return all === 0 ? undefined : taken;
  }

  /** Takes offsets; returns the end of the last value. */
  async function lastOffset(count: number, width: 4 | 8): Promise<number> {
    // Of no rows there may be no offset.
    const all = count === 0 ? await source.length(buffers.length) : Infinity;
    const offsets = await take(Math.min(all, (count + 1) * width));
    return count === 0 ? 0 : integerAt(offsets, count * width, width);
  }

  /** Takes offsets and sizes; returns the end of the last value that is in a list. */
  async function lastViewed(count: number, width: 4 | 8): Promise<number> {
    const [offsets, sizes] = [await take(count * width), await take(count * width)];
    let end = 0;
    for (let i = 0; i < count; i += 1) {
      const size = integerAt(sizes, i * width, width);
      end = Math.max(end, integerAt(offsets, i * width, width) + size);
    }
    return end;
  }

  async function cutDense(
    typeIds: readonly number[],
    children: readonly Layout[],
    count: number,
  ): Promise<void> {
    const [types, offsets] = [await take(count), await take(count * 4)];
    const ends = new Map<number, number>();
    for (let i = 0; i < count; i += 1) {
      const type = types.readInt8(i);
      ends.set(type, Math.max(ends.get(type) ?? 0, integerAt(offsets, i * 4, 4) + 1));
    }
    for (const [i, child] of children.entries()) await cut(child, ends.get(typeIds[i] ?? i) ?? 0);
  }

  /** Cuts runs after the one that the last row is in. */
  async function cutRuns([ends, values]: readonly Layout[], count: number): Promise<void> {
    if (ends?.form !== "fixed" || values === undefined) throw invalid("runs without their ends");
    const width = (ends.bits / 8) as 2 | 4 | 8;
    const most = Math.min(count, lengths[nodes.length] ?? 0);
    // Its bitmap of nulls comes first; it has none.
    const found = await source.first(buffers.length + 1, most * width);
    let runs = 0;
    while (runs < most && integerAt(found, runs * width, width) < count) runs += 1;
    runs = Math.min(most, runs + 1);
    await cut(ends, runs);
    await cut(values, runs);
  }

  async function cutViews(
    count: number,
    length: number,
    isValid: (i: number) => boolean,
  ): Promise<void> {
    const found = await take(count * VIEW_BYTES);
    const own = variadic[views];
    if (own === undefined || own < 0 || own > source.count || length < 0) {
      throw invalid("views without their buffers");
    }
    views += 1;
    const ends = new Map<number, number>();
    for (let i = 0; i < count; i += 1) {
      const at = i * VIEW_BYTES;
      const size = integerAt(found, at, 4);
      if (!isValid(i) || size <= INLINE_BYTES) continue;
      const buffer = integerAt(found, at + 8, 4);
      ends.set(buffer, Math.max(ends.get(buffer) ?? 0, integerAt(found, at + 12, 4) + size));
    }
    for (let i = 0; i < own; i += 1) await take(ends.get(i) ?? 0);
  }

  /** An integer of some bytes that says a length or a place. */
  function integerAt(from: Buffer, at: number, width: 2 | 4 | 8): number {
    const value =
      width === 8
        ? Number(isBigEndian ? from.readBigInt64BE(at) : from.readBigInt64LE(at))
        : isBigEndian
          ? from.readIntBE(at, width)
          : from.readIntLE(at, width);
    if (value < 0 || !Number.isSafeInteger(value)) throw invalid(`an offset of ${value}`);
    return value;
  }
}

function isUnion({ form }: Layout): boolean {
  return form === "sparse" || form === "dense";
}

function bitAt(bits: Buffer, index: number): boolean {
  return (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}

function ones(bits: Buffer, count: number): number {
  let found = 0;
  for (let i = 0; i < count; i += 1) if (bitAt(bits, i)) found += 1;
  return found;
}
