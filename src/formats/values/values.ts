import { Failure, NoSample } from "../../errors.ts";
import { isText } from "../../lib/encoding.ts";
import { growing } from "../../lib/growing.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Format, SampleRequest, SampleStream } from "../types.ts";
import { cbor as cborEncoding } from "./cbor.ts";
import type { Encoding } from "./head.ts";
import { msgpack as msgpackEncoding } from "./msgpack.ts";
import { type FirstArray, walkValues } from "./walk.ts";

/** The end of an array without a number (RFC 8949, 3.2.1). */
const BREAK = Uint8Array.of(0xff);

/** MessagePack: the first values, or the first elements of an array that is the only one. */
export const msgpack: Format = {
  name: "msgpack",
  extensions: [".msgpack", ".mpk"],
  kind: "binary",
  sample: (request) => sampleValues(msgpackEncoding, request),
};

/** CBOR: the same. */
export const cbor: Format = {
  name: "cbor",
  extensions: [".cbor", ".cborseq"],
  kind: "binary",
  // The tag that says that what it holds is CBOR.
  matches: (head) => hasBytes(head, [0xd9, 0xd9, 0xf7]),
  sample: (request) => sampleValues(cborEncoding, request),
};

async function* sampleValues(encoding: Encoding, { source, limits }: SampleRequest): SampleStream {
  // In both any byte of ASCII begins a value.
  const head = await source.head();
  if (isText(head) && head.every((byte) => byte < 0x80)) throw new NoSample("it holds text");
  const walk = walkValues(encoding, limits);
  const held = growing();
  for await (const chunk of source.stream()) {
    held.add(chunk, 0, chunk.length);
    if (!walk.goOn(held.bytes())) break;
  }

  const bytes = held.bytes();
  const fault = walk.faultAt(bytes.length);
  const ends = walk.ends();
  const isOnly = ends.length === 0 || (ends.length === 1 && ends[0] === bytes.length);
  const array = isOnly ? walk.firstArray() : undefined;
  const kept = array === undefined ? ends : array.ends.slice(0, limits.rows);
  const rows = kept.length;
  if (rows === 0 && fault !== undefined) {
    throw new Failure("FORMAT_INVALID", `not whole ${encoding.name}: ${fault}`);
  }
  const isCut = walk.isCut() || (array !== undefined && array.ends.length > rows);
  const complete = !isCut && fault === undefined;
  if (complete || array === undefined) yield bytes.subarray(0, ends.at(-1));
  else yield* cutArray(encoding, array, bytes.subarray(0, kept.at(-1)), rows);
  const warnings = fault === undefined ? [] : [`damaged or truncated: ${fault}`];
  const summary = { format: encoding.name, rows, complete, warnings };
  return isCut ? { ...summary, cut: rows < limits.rows ? "bytes" : "rows" } : summary;
}

/** An array of which only so many elements are there. */
function* cutArray(
  { setCount }: Encoding,
  { head, at }: FirstArray,
  bytes: Buffer,
  count: number,
): Generator<Uint8Array, void, void> {
  const start = at + head.bytes;
  const begin = Buffer.from(bytes.subarray(0, start));
  const isCounted = head.children !== Infinity;
  if (isCounted) setCount(begin.subarray(at), count);
  yield begin;
  yield bytes.subarray(start);
  if (!isCounted) yield BREAK;
}
