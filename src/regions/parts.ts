import { createHash } from "node:crypto";

/** Parts that an object can have. */
const MOST_PARTS = 10_000;
const MIB = 1024 ** 2;
/** Bytes of the smallest part that stores take, but for the last one. */
const LEAST_BYTES = 5 * MIB;

/** Bytes of each part but the last one, for an object of this size. */
export function partBytesFor(size: number, wanted: number): number {
  const needed = Math.ceil(size / MOST_PARTS / MIB) * MIB;
  return Math.max(wanted, needed, LEAST_BYTES);
}

/** The range of a part; `end` is the byte after its last one. */
export interface PartAt {
  /** From 1 on. */
  readonly n: number;
  readonly start: number;
  readonly end: number;
}

/** The parts of an object. */
export function* partsOf(size: number, partBytes: number): Generator<PartAt, void, void> {
  for (let start = 0, n = 1; start < size; start += partBytes, n += 1)
    yield { n, start, end: Math.min(size, start + partBytes) };
}

/** The ETag that stores give an object of these parts, whose own tags are their MD5s. */
export function tagOfParts(parts: readonly { readonly etag: string }[]): string {
  const all = createHash("md5");
  for (const { etag } of parts) all.update(etag, "hex");
  return `${all.digest("hex")}-${parts.length}`;
}
