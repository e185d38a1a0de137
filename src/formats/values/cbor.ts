import { type Encoding, type Head, numberAt, setNumber } from "./head.ts";

/** Major types (RFC 8949, 3.1), the upper three bits of a head. */
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;
const OTHER = 7;
/** Values of the lower five bits from which a number follows, or nothing that says how long. */
const ONE_BYTE = 24;
const RESERVED = 28;
const INDEFINITE = 31;
/** The tag that says that what it holds is CBOR (3.4.6). */
const CBOR_TAG = 55_799;
/** Simple values below this one have no second byte (3.3). */
const LONG_SIMPLE = 32;
const MAX_COUNT = Number.MAX_SAFE_INTEGER;

/** CBOR (RFC 8949), one item or a sequence of them (RFC 8742). */
export const cbor: Encoding = {
  name: "cbor",
  headAt(bytes, at) {
    if (at >= bytes.length) return undefined;
    const first = bytes.readUInt8(at);
    const [major, info] = [first >> 5, first & 31];
    if (info === INDEFINITE) return indefinite(major);
    if (info >= RESERVED) return "a length that CBOR does not know";
    const width = info < ONE_BYTE ? 0 : 2 ** (info - ONE_BYTE);
    const number = info < ONE_BYTE ? info : numberAt(bytes, at + 1, width);
    if (number === undefined) return undefined;
    return definite(major, 1 + width, number, info);
  },
  setCount(bytes, count) {
    if (bytes.length === 1) bytes.writeUInt8((ARRAY << 5) | count);
    else setNumber(bytes, count);
  },
};

function definite(major: number, bytes: number, number: number, info: number): Head | string {
  const value = { bytes, content: 0, children: 0, role: "value" } as const;
  if (major < BYTES) return value;
  if (major === OTHER) {
    return info === ONE_BYTE && number < LONG_SIMPLE ? "a simple value that is too long" : value;
  }
  if (major === TAG) {
    return { ...value, children: 1, role: number === CBOR_TAG ? "wrapper" : "value" };
  }
  if (number > MAX_COUNT / 2) return "a length that no file has";
  if (major === ARRAY) return { ...value, children: number, role: "array" };
  if (major === MAP) return { ...value, children: 2 * number, role: "map" };
  return { ...value, content: number, role: major === TEXT ? "text" : "bytes" };
}

/** The head of what a break ends, or of a break (3.2). */
function indefinite(major: number): Head | string {
  const value = { bytes: 1, content: 0, children: Infinity } as const;
  if (major === ARRAY) return { ...value, role: "array" };
  if (major === MAP) return { ...value, role: "map" };
  if (major === OTHER) return { ...value, children: 0, role: "break" };
  if (major === TEXT) return { ...value, role: "value", only: "text" };
  if (major === BYTES) return { ...value, role: "value", only: "bytes" };
  return "a number without an end";
}
