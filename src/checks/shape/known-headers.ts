import type { Shape } from "./shape.ts";

/** Headers that are remembered, and the bytes of the longest one. */
const MOST_HEADERS = 64;
const MOST_BYTES = 4096;

/** A header, and what was told of the last sample that has it. */
export interface KnownHeader {
  readonly names: readonly string[];
  shape: Shape | undefined;
}

/**
 * Headers by their bytes: files of a series have the same one, and most of the time the same shape.
 * One that is told again as the same object costs little on its way to the main thread.
 */
const known = new Map<string, KnownHeader>();

/** The header of these bytes and this reading; `names` reads it where it is not known. */
export function knownHeader(
  bytes: Uint8Array,
  reading: string,
  names: () => readonly string[],
): KnownHeader {
  if (bytes.length > MOST_BYTES) return { names: names(), shape: undefined };
  const key =
    reading + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  const found = known.get(key) ?? { names: names(), shape: undefined };
  if (known.size === MOST_HEADERS && !known.has(key)) known.clear();
  known.set(key, found);
  return found;
}

/** A shape, as the object that was told last of this header where it is equal to that. */
export function sameShape(header: KnownHeader, shape: Shape): Shape {
  if (header.shape === undefined || !isEqual(header.shape, shape)) header.shape = shape;
  return header.shape;
}

/** True where two shapes of delimited text with the same names are equal. */
function isEqual(a: Shape, b: Shape): boolean {
  return (
    a.header === b.header &&
    a.columnCount === b.columnCount &&
    hasSameMembers(a.dialect, b.dialect) &&
    (a.counts ?? []).every((count, i) => count === b.counts?.[i])
  );
}

function hasSameMembers(a: Shape["dialect"], b: Shape["dialect"]): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
