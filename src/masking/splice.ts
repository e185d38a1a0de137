/** Bytes to be put in place of others. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly by: Uint8Array;
}

/** Replaces ranges of bytes, given in order; all others stay. */
export function splice(bytes: Uint8Array, replacements: Iterable<Replacement>): Buffer {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const { start, end, by } of replacements) {
    pieces.push(bytes.subarray(at, start), by);
    at = end;
  }
  pieces.push(bytes.subarray(at));
  return Buffer.concat(pieces);
}
