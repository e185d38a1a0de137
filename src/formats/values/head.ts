/** The first bytes of a value, which say how it goes on. */
export interface Head {
  /** Bytes of the head itself. */
  readonly bytes: number;
  /** Bytes after it that belong to the value and hold no other values. */
  readonly content: number;
  /** Values that it holds; `Infinity` where a break ends them. */
  readonly children: number;
  /** Its part in what surrounds it; a `wrapper` holds one value, and may be taken for it. */
  readonly role: "value" | "array" | "map" | "text" | "bytes" | "wrapper" | "break";
  /** The only values that it may hold: the parts of a long text, or of bytes. */
  readonly only?: "text" | "bytes";
}

/** An encoding of values, by their heads. */
export interface Encoding {
  readonly name: string;
  /**
   * Reads the head at a place. Returns undefined where it goes on after the bytes, and a text where
   * there is none, which says why.
   */
  headAt(bytes: Buffer, at: number): Head | string | undefined;
  /** Writes the number of an array's elements into its head, which has one. */
  setCount(head: Buffer, count: number): void;
}

/** The number in the bytes after the first one: undefined where they are not all there. */
export function numberAt(bytes: Buffer, at: number, width: number): number | undefined {
  if (at + width > bytes.length) return undefined;
  if (width <= 6) return width === 0 ? 0 : bytes.readUIntBE(at, width);
  return Number(bytes.readBigUInt64BE(at));
}

/** Writes a number of 1, 2, 4 or 8 bytes at the end of a head. */
export function setNumber(head: Buffer, number: number): void {
  const width = head.length - 1;
  if (width === 8) head.writeBigUInt64BE(BigInt(number), 1);
  else head.writeUIntBE(number, 1, width);
}
