import type { Source } from "./source.ts";

type Slice = NonNullable<Source["slice"]>;

/** Bytes that are read at least, where there are as many. */
export const AHEAD_BYTES = 16 * 1024;

/**
 * Random access through a window that goes a little beyond what is asked for, up to `last`: for
 * small parts that follow each other. Takes and returns what `slice` does.
 */
export function readAhead(slice: Slice, last: number): Slice {
  let first = 0;
  let window: Uint8Array = new Uint8Array();
  return async (start, end) => {
    if (start < first || end > first + window.length) {
      window = await slice(start, Math.max(end, Math.min(start + AHEAD_BYTES, last)));
      first = start;
    }
    return window.subarray(start - first, end - first);
  };
}
