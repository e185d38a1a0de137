import { type Field, type TextEncoding, textIn, type Value, valueOf } from "./record.ts";

/** Collations that SQLite itself has, by their folded names. */
const collations: Readonly<
  Record<string, (a: Buffer, b: Buffer, encoding: TextEncoding) => number>
> = {
  binary: (a, b) => Buffer.compare(a, b),
  nocase: (a, b, encoding) => withoutCase(utf8Of(a, encoding), utf8Of(b, encoding)),
  rtrim: (a, b, encoding) =>
    Buffer.compare(trimmed(utf8Of(a, encoding)), trimmed(utf8Of(b, encoding))),
};
const order = { null: 0, number: 1, text: 2, blob: 3 } as const;
const SPACE = 0x20;

/** True for a collation that every SQLite has. */
export function isCollation(name: string): boolean {
  return Object.hasOwn(collations, name);
}

/** Compares two values as an index does: null, numbers, texts by a collation, blobs. */
export function compareFields(
  a: Field,
  b: Field,
  { collation, encoding }: { readonly collation: string; readonly encoding: TextEncoding },
): number {
  const [one, other] = [valueOf(a), valueOf(b)];
  if (one.kind === "text" && other.kind === "text") {
    return collations[collation]?.(one.bytes, other.bytes, encoding) ?? 0;
  }
  return order[one.kind] - order[other.kind] || compareSame(one, other);
}

function compareSame(one: Value, other: Value): number {
  if (one.kind === "number" && other.kind === "number") {
    // Exact, of an integer and a real, too.
    return one.number < other.number ? -1 : one.number > other.number ? 1 : 0;
  }
  return one.kind === "blob" && other.kind === "blob" ? Buffer.compare(one.bytes, other.bytes) : 0;
}

/** Compares up to the first NUL, letters of ASCII without case; then lengths. */
function withoutCase(a: Buffer, b: Buffer): number {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    const [one, other] = [lower(a[i] as number), lower(b[i] as number)];
    if (one !== other) return one - other;
    if (one === 0) break;
  }
  return a.length - b.length;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

function trimmed(text: Buffer): Buffer {
  let end = text.length;
  while (end > 0 && text[end - 1] === SPACE) end -= 1;
  return text.subarray(0, end);
}

/**
 * A text in UTF-8, in which these collations compare. Halves of pairs are joined with what follows them,
 * as SQLite does (utf.c, `READ_UTF16LE`).
 */
function utf8Of(text: Buffer, encoding: TextEncoding): Buffer {
  if (encoding === "utf8") return text;
  const read = textIn(text, encoding);
  if (read.isWellFormed()) return Buffer.from(read);
  const end = text.length - (text.length % 2);
  const unit = (at: number) =>
    encoding === "utf16le" ? text.readUInt16LE(at) : text.readUInt16BE(at);
  const bytes: number[] = [];
  for (let at = 0; at < end; at += 2) {
    let code = unit(at);
    if (code >= 0xd800 && code < 0xe000 && at + 2 < end) {
      at += 2;
      const next = unit(at);
      code = (next & 0x3ff) + ((code & 0x3f) << 10) + (((code & 0x3c0) + 0x40) << 10);
    }
    pushUtf8(bytes, code);
  }
  return Buffer.from(bytes);
}

function pushUtf8(bytes: number[], code: number): void {
  if (code < 0x80) bytes.push(code);
  else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
  else if (code < 0x10000) {
    bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
  } else {
    bytes.push(0xf0 | ((code >> 18) & 7), 0x80 | ((code >> 12) & 0x3f));
    bytes.push(0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
  }
}
