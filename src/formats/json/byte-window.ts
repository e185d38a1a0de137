/** The bytes of an input between what is decided and what was fed; offsets are the input's. */
export interface ByteWindow {
  add(chunk: Uint8Array): void;
  /** Makes what is held back before `end` part of the output. */
  keepUntil(end: number): void;
  /** Leaves out what is held back before `end`. */
  dropUntil(end: number): void;
  /** Bytes left out so far. */
  skipped(): number;
  /** Adds bytes that are not the input's to the output. */
  append(bytes: Uint8Array): void;
  /** Returns the output since the last call. */
  take(): Uint8Array[];
}

/** Creates an empty window. */
export function byteWindow(): ByteWindow {
  let heldFrom = 0;
  const held: Uint8Array[] = [];
  const ready: Uint8Array[] = [];
  let skipped = 0;

  return {
    add: (chunk) => void held.push(chunk),
    keepUntil: (end) => void ready.push(...shift(end)),
    dropUntil(end) {
      skipped += Math.max(0, end - heldFrom);
      shift(end);
    },
    skipped: () => skipped,
    append: (bytes) => void ready.push(bytes),
    take: () => ready.splice(0),
  };

  function shift(end: number): Uint8Array[] {
    const out: Uint8Array[] = [];
    while (heldFrom < end && held[0] !== undefined) {
      const piece = held[0].subarray(0, end - heldFrom);
      out.push(piece);
      if (piece.length === held[0].length) held.shift();
      else held[0] = held[0].subarray(piece.length);
      heldFrom += piece.length;
    }
    return out;
  }
}
