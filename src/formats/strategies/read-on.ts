import type { Source } from "../../lib/source.ts";

/** A source that can be read from any place. */
export interface Readable {
  readonly read: NonNullable<Source["slice"]>;
  readonly size: number;
}

/** Bytes that are read at a time. */
const STEP_BYTES = 64 * 1024;

/** Yields bytes that are here, from offset `at` on, and what follows them in the file. */
export async function* readOn(
  { read, size }: Readable,
  at: number,
  first: Uint8Array,
): AsyncGenerator<Uint8Array, void, void> {
  yield first;
  for (let next = at + first.length; next < size; next += STEP_BYTES) {
    yield await read(next, Math.min(next + STEP_BYTES, size));
  }
}
