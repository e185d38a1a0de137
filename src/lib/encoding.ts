import { isAscii } from "node:buffer";
import { hasBytes } from "./signature.ts";

/** Facts of a text's encoding that are needed to walk its bytes. */
export interface Encoding {
  /** Bytes of a code unit: 2 in UTF-16, 4 in UTF-32, else 1. */
  readonly unitBytes: 1 | 2 | 4;
  /** True where the first byte of a unit is its highest. */
  readonly bigEndian: boolean;
  /** Bytes of the byte order mark. */
  readonly bom: number;
  /** True where a carriage return alone ends a line (classic Mac OS). */
  readonly loneCr: boolean;
}

/** Decodes UTF-8 whole, without its byte order mark; throws TypeError where it is not UTF-8. */
export const utf8 = new TextDecoder("utf-8", { fatal: true });

const LF = 0x0a;
const CR = 0x0d;

/** Table with 1 for the control bytes that texts do not have. */
const oddBytes = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 || (byte >= 0x08 && byte <= 0x0d) || byte === 0x1b ? 0 : 1,
);

/**
 * Finds a text's encoding from its first bytes: UTF-16 and UTF-32 by their byte order mark, UTF-16
 * also by the pattern of its zero bytes; else an ASCII superset (UTF-8, Latin-1, Shift-JIS, …). A
 * lone CR counts as a line end only where lone CRs outnumber LFs.
 */
export function encodingOf(head: Uint8Array): Encoding {
  const units = markOf(head) ?? { ...unmarkedUtf16(head), bom: 0 };
  return { ...units, loneCr: prefersLoneCr(head, units) };
}

/** The code units of a text's bytes; half a unit at the end is left out. */
export function unitsOf(
  bytes: Uint8Array,
  { unitBytes, bigEndian }: Units,
): Uint8Array | Uint32Array {
  if (unitBytes === 1) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint32Array.from({ length: Math.floor(bytes.length / unitBytes) }, (_, i) =>
    unitBytes === 2 ? view.getUint16(2 * i, !bigEndian) : view.getUint32(4 * i, !bigEndian),
  );
}

/** Bytes that are looked at to tell text from binary. */
const LOOKED_AT_BYTES = 4096;

/**
 * True when bytes read as text, by the first of them. `lenient` is for a file that claims to be
 * text by its name: a few control characters are then content, and only more than a third of them makes
 * it binary.
 */
export function isText(bytes: Uint8Array, lenient = false): boolean {
  if (bytes.length === 0) return true;
  const head = bytes.subarray(0, LOOKED_AT_BYTES);
  const wide = markOf(head) ?? unmarkedUtf16(head);
  if (wide.unitBytes > 1) return lenient || 20 * oddUnitsIn(unitsOf(head, wide)) <= head.length;
  const odd = oddBytesIn(head);
  return lenient ? odd * 3 <= head.length : odd * 20 <= head.length && !head.includes(0);
}

/** Counts control characters that texts do not have. */
function oddUnitsIn(units: Uint8Array | Uint32Array): number {
  let odd = 0;
  for (const unit of units) odd += oddBytes[unit] ?? 0;
  return odd;
}

/** The same for bytes: several times as fast, since most words of four bytes have none below a space. */
function oddBytesIn(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const inWords = bytes.length & ~3;
  let odd = 0;
  for (let at = 0; at < inWords; at += 4) {
    const word = view.getUint32(at);
    if (((word - 0x20202020) & ~word & 0x80808080) !== 0) odd += oddInWord(word);
  }
  return odd + oddUnitsIn(bytes.subarray(inWords));
}

function oddInWord(word: number): number {
  let odd = 0;
  for (let shift = 0; shift < 32; shift += 8) odd += oddBytes[(word >>> shift) & 0xff] as number;
  return odd;
}

/** Decodes text for a person to read; what cannot be decoded becomes U+FFFD or Latin-1. */
export function decodeText(bytes: Uint8Array, encoding = encodingOf(bytes)): string {
  const { unitBytes, bigEndian, bom } = encoding;
  const body = bytes.subarray(bom);
  if (unitBytes === 4) return decodeUtf32(body, bigEndian);
  if (unitBytes === 2) return new TextDecoder(bigEndian ? "utf-16be" : "utf-16le").decode(body);
  // A decoder costs more to create than most texts to decode.
  if (isAscii(body)) return latin1(body);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body, { stream: true });
  } catch {
    return latin1(body);
  }
}

function latin1({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString("latin1");
}

function decodeUtf32(bytes: Uint8Array, bigEndian: boolean): string {
  const characters: string[] = [];
  for (const unit of unitsOf(bytes, { unitBytes: 4, bigEndian })) {
    characters.push(unit > 0x10ffff ? "\ufffd" : String.fromCodePoint(unit));
  }
  return characters.join("");
}

type Units = Pick<Encoding, "unitBytes" | "bigEndian">;
type Marked = Units & Pick<Encoding, "bom">;

const bytewise: Units = { unitBytes: 1, bigEndian: false };

/**
 * Byte order marks. The mark of UTF-16 LE is the beginning of UTF-32 LE's; that is no conflict,
 * since a text does not begin with NUL.
 */
const marks: readonly (readonly [mark: readonly number[], units: Units])[] = [
  [[0xef, 0xbb, 0xbf], bytewise],
  [[0xff, 0xfe, 0, 0], { unitBytes: 4, bigEndian: false }],
  [[0, 0, 0xfe, 0xff], { unitBytes: 4, bigEndian: true }],
  [[0xff, 0xfe], { unitBytes: 2, bigEndian: false }],
  [[0xfe, 0xff], { unitBytes: 2, bigEndian: true }],
];

/** First bytes of the marks: few texts begin with one of them. */
const firstOfMarks = new Set(marks.map(([[first]]) => first));

function markOf(head: Uint8Array): Marked | undefined {
  if (!firstOfMarks.has(head[0])) return undefined;
  const found = marks.find(([mark]) => hasBytes(head, mark));
  return found === undefined ? undefined : { ...found[1], bom: found[0].length };
}

/**
 * Recognises UTF-16 by its zero bytes: most high bytes are zero, or all units make sense as text.
 */
function unmarkedUtf16(bytes: Uint8Array): Units {
  const head = bytes.subarray(0, Math.min(bytes.length & ~1, LOOKED_AT_BYTES));
  if (head.length < 8 || !head.includes(0)) return bytewise;
  const even = zerosIn(head, 0) / (head.length / 2);
  const odd = zerosIn(head, 1) / (head.length / 2);
  const le = { unitBytes: 2, bigEndian: false } as const;
  const be = { unitBytes: 2, bigEndian: true } as const;
  if (odd > 0.6 && even < 0.05) return le;
  if (even > 0.6 && odd < 0.05) return be;
  if (isCleanUtf8(head.filter((byte) => byte !== 0))) return bytewise;
  const makesSense = [le, be].filter((units) => isLinesOf(head, units));
  return makesSense.length === 1 ? (makesSense[0] as Units) : bytewise;
}

function zerosIn(bytes: Uint8Array, from: number): number {
  let zeros = 0;
  for (let at = from; at < bytes.length; at += 2) zeros += bytes[at] === 0 ? 1 : 0;
  return zeros;
}

/** Unassigned and private characters, halves of pairs, and controls that are not white space. */
// oxlint-disable-next-line no-control-regex
const senseless = /[\p{Cn}\p{Co}\ufffd]|[^\P{Cc}\t\n\r]/u;

/** True when these bytes, read as UTF-16, are lines of assigned characters. */
function isLinesOf(bytes: Uint8Array, { bigEndian }: Units): boolean {
  const decoder = new TextDecoder(bigEndian ? "utf-16be" : "utf-16le");
  const text = decoder.decode(bytes, { stream: true });
  return /[\r\n]/.test(text) && !senseless.test(text);
}

/** True when these are the first bytes of UTF-8 without control characters. */
function isCleanUtf8(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return !senseless.test(text);
  } catch {
    return false;
  }
}

function prefersLoneCr(head: Uint8Array, encoding: Units): boolean {
  if (!head.includes(CR)) return false;
  const units = unitsOf(head, encoding);
  let lone = 0;
  let feeds = 0;
  for (let i = 0; i < units.length; i += 1) {
    if (units[i] === LF) feeds += 1;
    else if (units[i] === CR && i + 1 < units.length && units[i + 1] !== LF) lone += 1;
  }
  return lone > feeds;
}
