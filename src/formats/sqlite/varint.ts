const MOST_BYTES = 9;

/**
 * An integer of 1 to 9 bytes, 7 bits in each, the highest first. Not exact above 2 ** 53, which no
 * length in a file has.
 * @throws RangeError
 */
export function varintAt(
  bytes: Buffer,
  start: number,
): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let i = 0; i < MOST_BYTES - 1; i += 1) {
    const byte = bytes.readUInt8(start + i);
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, end: start + i + 1 };
  }
  return { value: value * 256 + bytes.readUInt8(start + 8), end: start + MOST_BYTES };
}

/** The row id whose varint ends before `end`. */
export function rowidIn(bytes: Buffer, start: number, end: number): bigint {
  let value = 0n;
  for (let at = start; at < end; at += 1) {
    const byte = bytes.readUInt8(at);
    value =
      at - start === MOST_BYTES - 1
        ? (value << 8n) | BigInt(byte)
        : (value << 7n) | BigInt(byte & 0x7f);
  }
  return BigInt.asIntN(64, value);
}

/** An integer as a varint. */
export function varint(value: number | bigint): Buffer {
  let left = BigInt.asUintN(64, BigInt(value));
  if (left >= 1n << 56n) {
    const bytes = Buffer.alloc(MOST_BYTES);
    bytes[8] = Number(left & 0xffn);
    left >>= 8n;
    for (let i = 7; i >= 0; i -= 1, left >>= 7n) bytes[i] = Number(left & 0x7fn) | 0x80;
    return bytes;
  }
  const bytes = [Number(left & 0x7fn)];
  for (left >>= 7n; left > 0n; left >>= 7n) bytes.unshift(Number(left & 0x7fn) | 0x80);
  return Buffer.from(bytes);
}
