import { Failure, NoSample } from "../../errors.ts";
import { sliceWithHead } from "../../lib/blocks.ts";
import { AHEAD_BYTES, readAhead } from "../../lib/read-ahead.ts";
import type { Part, Source } from "../../lib/source.ts";
import { faultOf } from "../fault.ts";
import type { Recognised, SampleRequest, SampleStream } from "../types.ts";
import { seekable } from "../seekable.ts";
import { type CutStripe, cutStripe } from "./cut.ts";
import { invalid } from "./invalid.ts";
import { readStripe, type Stripe } from "./stripe.ts";
import { FOOTER, readTail, type StripePlace, type Tail } from "./tail.ts";
import { START, type WrittenStripe, writeStripe, writeTail } from "./write.ts";

/** Bytes that may be read for each column, at least. */
const COLUMN_READ_BYTES = 4 * 1024 * 1024;
/** Columns above which one file is sampled at a time. */
const MANY_COLUMNS = 1000;
/** The version with other decimals, which tests of ORC have. */
const UNSTABLE = "1.9999";

/** The first rows of an ORC file. */
export async function* sampleOrc(request: SampleRequest, { by }: Recognised): SampleStream {
  const { limits, signal, alone } = request;
  const source = await seekable(request.source, "an ORC");
  const { slice, size } = source;
  const head = await source.head();
  const tail = await openTail(sliceWithHead(head, slice), size, by);
  if (tail.types.length > MANY_COLUMNS) await alone?.();
  source.allowReading?.(COLUMN_READ_BYTES * tail.types.length);

  const { stripes, fault } = await cutStripes(tail, { source, limits, signal });
  yield START;
  for (const { bytes } of stripes) yield bytes;
  yield writeTail(tail, stripes);

  const rows = stripes.reduce((sum, stripe) => sum + stripe.rows, 0);
  const warnings = fault === undefined ? [] : [`damaged or truncated: ${fault}`];
  const complete = rows === tail.rows && fault === undefined;
  const summary = { format: "orc", rows, complete, warnings };
  if (complete) return summary;
  const sourceRows = tail.rows;
  if (fault !== undefined) return { ...summary, sourceRows };
  return { ...summary, sourceRows, cut: rows < limits.rows ? "bytes" : "rows" };
}

/** The end of a file that has samples. Where only its first bytes say that it is ORC, it may not be. */
async function openTail(
  slice: NonNullable<Source["slice"]>,
  size: number,
  by: Recognised["by"],
): Promise<Tail> {
  try {
    const tail = await readTail(slice, size);
    if (tail.footer.some(({ id }) => id === FOOTER.encryption)) throw new NoSample("encrypted ORC");
    const [major = 0, minor = 0] = tail.version;
    if (major !== 0 && `${major}.${minor}` !== UNSTABLE)
      throw new NoSample(`ORC of version ${major}.${minor}`);
    return tail;
  } catch (error) {
    const fault = error instanceof RangeError ? invalid(error.message) : error;
    const isNone = fault instanceof Failure && fault.code === "FORMAT_INVALID" && by === "content";
    throw isNone ? new NoSample(`it begins like ORC, but: ${fault.message}`) : fault;
  }
}

/** The first rows, stripe by stripe; `fault` says why those of a damaged one are missing. */
async function cutStripes(
  tail: Tail,
  { source, limits, signal }: Pick<SampleRequest, "source" | "limits" | "signal">,
): Promise<{ readonly stripes: readonly WrittenStripe[]; readonly fault?: string }> {
  const stripes: WrittenStripe[] = [];
  const left = { rows: limits.rows, bytes: limits.bytes };
  try {
    // Not all readers take a stripe without rows.
    for (const place of tail.stripes.filter(({ rows }) => rows > 0)) {
      if (left.rows === 0) break;
      const wanted = Math.min(place.rows, left.rows);
      const stripe = await readStripe(tail, place);
      source.willSlice?.(beginningsOf(stripe));
      const isFirst = left.rows === limits.rows;
      const room = { bytes: left.bytes, recordBytes: limits.recordBytes, isFirst };
      const found = await fit(windowed(tail, place), stripe, wanted, room);
      if (found === undefined) break;
      const [cut, rows] = found;
      stripes.push(writeStripe(tail, stripe, cut, rows));
      left.rows -= rows;
      left.bytes -= cut.bytes;
      if (rows < wanted) break;
    }
  } catch (error) {
    if (error instanceof NoSample || (error instanceof Failure && error.code === "LIMIT_EXCEEDED"))
      throw error;
    const fault = error instanceof RangeError ? error.message : faultOf(error, signal);
    if (left.rows === limits.rows) throw error instanceof Failure ? error : invalid(fault);
    return { stripes, fault };
  }
  return { stripes };
}

/** Bytes that there is room for: of all rows, and of the first one, if that is among them. */
interface Room {
  readonly bytes: number;
  readonly recordBytes: number;
  readonly isFirst: boolean;
}

/** As many rows of a stripe as there is room for; undefined where there is room for none. */
async function fit(
  tail: Tail,
  stripe: Stripe,
  wanted: number,
  { bytes, recordBytes, isFirst }: Room,
): Promise<readonly [CutStripe, number] | undefined> {
  for (let count = wanted; ; count = Math.floor(count / 2)) {
    const isOne = isFirst && count <= 1;
    const found = await cutStripe(tail, stripe, count, isOne ? recordBytes : bytes);
    if (found !== undefined) return [found, count];
    if (isOne) throw new NoSample(`a row is larger than ${recordBytes} bytes`);
    if (count <= 1) return undefined;
  }
}

/** The parts of a stripe that are read first. */
function beginningsOf({ streams }: Stripe): Part[] {
  return streams.map(({ start, end }) => ({ start, end: Math.min(end, start + AHEAD_BYTES) }));
}

/** A file of which small streams that follow each other are read together. */
function windowed(tail: Tail, { data }: StripePlace): Tail {
  const { stored } = tail;
  return { ...tail, stored: { ...stored, read: readAhead(stored.read, data.end) } };
}
