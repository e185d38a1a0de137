import { errorMessage } from "../errors.ts";
import { bitAt, cutBits, cutBytes } from "../formats/orc/byte-runs.ts";
import { type IntegerForm, readIntegers } from "../formats/orc/integer-runs.ts";
import { invalid, underflow } from "../formats/orc/invalid.ts";
import { openStream } from "../formats/orc/stream.ts";
import { readStripe, STREAM, type Stripe, writerTimezone } from "../formats/orc/stripe.ts";
import { readTail, type Tail } from "../formats/orc/tail.ts";
import { isShortDecimal, type OrcType } from "../formats/orc/types.ts";
import { unzigzag, varintAt } from "../formats/orc/varint.ts";
import { columnsOf } from "../formats/facts/orc.ts";
import { bytesText, dateText, floatText } from "./scalars.ts";
import { exact } from "./cell.ts";
import { decimalOf, localTime, stampText } from "./orc-scalars.ts";
import type { DecodedRows } from "./decoded-rows.ts";

/** Values of a column, nested ones as well, at most. */
const MAX_VALUES = 1024 * 1024;

/**
 * Decodes the first rows of a sample.
 * @throws Failure FORMAT_INVALID, RangeError or NoSample where its end cannot be read
 */
export async function decodeOrc(bytes: Uint8Array, most: number): Promise<DecodedRows> {
  const tail = await readTail(async (start, end) => bytes.subarray(start, end), bytes.length);
  const columns = columnsOf(tail.types);
  const rows: unknown[][] = [];
  try {
    for (const place of tail.stripes) {
      const count = Math.min(place.rows, most - rows.length);
      if (count === 0) continue;
      const found = await decodeStripe(tail, await readStripe(tail, place), count);
      for (let i = 0; i < count; i += 1) rows.push(found.map((column) => column[i]));
    }
  } catch (error) {
    return { columns, rows, fault: errorMessage(error) };
  }
  return { columns, rows, fault: undefined };
}

/** The values of each column of the first rows; of the row itself, where that is no struct. */
async function decodeStripe(tail: Tail, stripe: Stripe, rows: number): Promise<unknown[][]> {
  const { types, version, stored } = tail;
  const local = localTime(writerTimezone(stripe));
  const [row] = types;
  if (row?.kind !== "struct") return [await column(0, rows)];
  // A row may be missing as a whole.
  const isThere = await presence(0, rows);
  const found: unknown[][] = [];
  for (const child of row.children)
    found.push(spread(isThere, await column(child, isThere.filter(Boolean).length)));
  return found;

  /** Values of a column, null where there is none. */
  async function column(id: number, all: number): Promise<unknown[]> {
    const type = types[id];
    if (type === undefined || all > MAX_VALUES) throw invalid("more values than can be shown");
    const present = await presence(id, all);
    return spread(present, await valuesOf(id, type, present.filter(Boolean).length));
  }

  async function presence(id: number, all: number): Promise<readonly boolean[]> {
    if (stripe.placeOf(id, STREAM.present) === undefined) return Array(all).fill(true);
    const { values: bits } = await decode(id, STREAM.present, (bytes) => cutBits(bytes, all));
    return Array.from({ length: all }, (_, i) => bitAt(bits, i));
  }

  async function valuesOf(id: number, type: OrcType, count: number): Promise<unknown[]> {
    const signed = (kind: number) => integers(id, kind, count, true);
    switch (type.kind) {
      case "boolean": {
        const bits = await decode(id, STREAM.data, (bytes) => cutBits(bytes, count).values);
        return Array.from({ length: count }, (_, i) => bitAt(bits, i));
      }
      case "tinyint": {
        const bytes = await decode(id, STREAM.data, (found) => cutBytes(found, count).values);
        return Array.from({ length: count }, (_, i) => bytes.readInt8(i));
      }
      case "smallint":
      case "int":
      case "bigint":
        return (await signed(STREAM.data)).map((value) => exact(String(value)));
      case "date":
        return (await signed(STREAM.data)).map((value) => dateText(Number(value)));
      case "float": {
        const bytes = await first(id, STREAM.data, 4 * count);
        return Array.from({ length: count }, (_, i) => exact(floatText(bytes.readFloatLE(4 * i))));
      }
      case "double": {
        const bytes = await first(id, STREAM.data, 8 * count);
        return Array.from({ length: count }, (_, i) => bytes.readDoubleLE(8 * i));
      }
      case "timestamp":
      case "timestamp_instant": {
        const seconds = await signed(STREAM.data);
        const parts = await integers(id, STREAM.secondary, count, false);
        const isUtc = type.kind === "timestamp_instant";
        return seconds.map((value, i) =>
          stampText(value, parts[i] ?? 0n, isUtc ? undefined : local),
        );
      }
      case "decimal":
        return decimals(id, type, count);
      case "array": {
        const ranges = await rangesOf(id, count);
        const items = await column(type.children[0] ?? -1, ranges.at(-1)?.[1] ?? 0);
        return ranges.map(([start, end]) => items.slice(start, end));
      }
      case "map": {
        const ranges = await rangesOf(id, count);
        const all = ranges.at(-1)?.[1] ?? 0;
        const keys = await column(type.children[0] ?? -1, all);
        const values = await column(type.children[1] ?? -1, all);
        const pairs = keys.map((key, i) => [String(key), values[i]] as const);
        return ranges.map(([start, end]) => Object.fromEntries(pairs.slice(start, end)));
      }
      case "struct": {
        const fields: (readonly [name: string, values: unknown[]])[] = [];
        for (const [i, child] of type.children.entries())
          fields.push([type.names[i] ?? "", await column(child, count)]);
        return Array.from({ length: count }, (_, i) =>
          Object.fromEntries(fields.map(([name, values]) => [name, values[i]])),
        );
      }
      case "union": {
        const tags = await decode(id, STREAM.data, (bytes) => cutBytes(bytes, count).values);
        const below: unknown[][] = [];
        for (const [i, child] of type.children.entries())
          below.push(await column(child, tags.filter((tag) => tag === i).length));
        const next = below.map((values) => values.values());
        return [...tags].map((tag) => next[tag]?.next().value ?? null);
      }
      default:
        return texts(id, type, count);
    }
  }

  async function texts(id: number, { kind }: OrcType, count: number): Promise<unknown[]> {
    const isText = /^(string|varchar|char)$/.test(kind);
    const spelled = (bytes: Buffer) => (isText ? bytes.toString("utf8") : bytesText(bytes));
    const { hasDictionary, dictionarySize } = stripe.encodings[id] as Stripe["encodings"][number];
    const ranges = await rangesOf(id, hasDictionary ? dictionarySize : count);
    const kindOfBytes = hasDictionary ? STREAM.dictionary : STREAM.data;
    const bytes = await first(id, kindOfBytes, ranges.at(-1)?.[1] ?? 0);
    const values = ranges.map(([start, end]) => spelled(bytes.subarray(start, end)));
    if (!hasDictionary) return values;
    return (await integers(id, STREAM.data, count, false)).map((word) => values[Number(word)]);
  }

  async function decimals(id: number, type: OrcType, count: number): Promise<unknown[]> {
    if (isShortDecimal(type, version)) {
      const form: IntegerForm = { version: 2, isSigned: true };
      const values = await decode(
        id,
        STREAM.data,
        (bytes) => readIntegers(bytes, count, form).values,
      );
      return values.map((value) => decimalOf(value, type.scale));
    }
    const scales = await integers(id, STREAM.secondary, count, true);
    const values = await decode(id, STREAM.data, (bytes) => {
      let next = 0;
      return scales.map(() => {
        const [value, end] = varintAt(bytes, next);
        next = end;
        return unzigzag(value);
      });
    });
    return values.map((value, i) => decimalOf(value, Number(scales[i])));
  }

  /** The places of values of different lengths. */
  async function rangesOf(id: number, count: number): Promise<[start: number, end: number][]> {
    let end = 0;
    return (await integers(id, STREAM.length, count, false)).map((length) => {
      const start = end;
      end += Number(length);
      return [start, end];
    });
  }

  async function integers(id: number, kind: number, count: number, isSigned: boolean) {
    if (count > MAX_VALUES) throw invalid("more values than can be shown");
    const { version: runs } = stripe.encodings[id] as Stripe["encodings"][number];
    const form: IntegerForm = { version: runs, isSigned };
    return decode(id, kind, (bytes) => readIntegers(bytes, count, form).values);
  }

  async function first(id: number, kind: number, length: number): Promise<Buffer> {
    return decode(id, kind, (bytes) => {
      if (bytes.length < length) throw underflow;
      return bytes;
    });
  }

  function decode<T>(id: number, kind: number, by: (bytes: Buffer) => T): Promise<T> {
    return openStream(stored, stripe.placeOf(id, kind) ?? { start: 0, end: 0 }).decode(by);
  }
}

/** Values in the places of those that are there, null in the others. */
function spread(isThere: readonly boolean[], values: readonly unknown[]): unknown[] {
  const next = values.values();
  return isThere.map((there) => (there ? next.next().value : null));
}
