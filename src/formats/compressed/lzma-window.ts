/** The last bytes that were decoded: matches copy from here, and output waits here. */
export interface LzmaWindow {
  /**
   * The bytes; decoded ones are written from `end()` on. After `reserve` it may be another array.
   */
  bytes(): Uint8Array;
  /** Index after the last byte. */
  end(): number;
  /** Index of the first byte that may be referred to. */
  first(): number;
  /** Bytes since the last reset. */
  position(): number;
  /** Makes room for this many bytes. */
  reserve(bytes: number): void;
  /** Says that bytes have been written up to an index. */
  advance(end: number): void;
  /** Forgets what may be referred to. */
  reset(): void;
}

const FIRST_BYTES = 64 * 1024;

/**
 * Creates a window of the size that a file asks for. It takes memory for the bytes there are: at
 * most a quarter more than `windowBytes`, and what is reserved.
 */
export function lzmaWindow(windowBytes: number): LzmaWindow {
  const wantedBytes = windowBytes * 1.25;
  let held = new Uint8Array(FIRST_BYTES);
  let start = 0;
  let filled = 0;
  let position = 0;
  return {
    bytes: () => held,
    end: () => filled,
    first: () => Math.max(start, filled - windowBytes),
    position: () => position,
    reserve,
    advance,
    reset,
  };

  function reserve(bytes: number): void {
    if (filled + bytes <= held.length) return;
    const from = Math.max(start, filled - windowBytes);
    const kept = held.subarray(from, filled);
    const size = Math.max(kept.length + bytes, Math.min(held.length * 2, wantedBytes));
    if (size > held.length) held = new Uint8Array(size);
    held.set(kept);
    start = 0;
    filled = kept.length;
  }

  function advance(end: number): void {
    position += end - filled;
    filled = end;
  }

  function reset(): void {
    start = filled;
    position = 0;
  }
}
