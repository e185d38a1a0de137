/** Bytes that are added to. */
export interface Growing {
  /** Bytes so far. */
  length(): number;
  /** Makes room for `bytes` more and returns where to write them. */
  reserve(bytes: number): Buffer;
  /** What was added, in one piece. */
  bytes(): Buffer;
}

/** An empty buffer that doubles when it is full. */
export function growing(): Growing {
  let buffer = Buffer.allocUnsafe(1024);
  let length = 0;
  return {
    length: () => length,
    bytes: () => buffer.subarray(0, length),
    reserve(bytes) {
      if (length + bytes > buffer.length) {
        const larger = Buffer.allocUnsafe(Math.max(length + bytes, buffer.length * 2));
        buffer.copy(larger, 0, 0, length);
        buffer = larger;
      }
      length += bytes;
      return buffer.subarray(length - bytes, length);
    },
  };
}
