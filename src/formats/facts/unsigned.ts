/** An unsigned integer of 1 to 6, or of 8 bytes; one of 8 is exact up to 2^53. @throws RangeError outside of the bytes */
export function unsignedAt(bytes: Buffer, at: number, width: number, isLittle: boolean): number {
  if (width === 8) return Number(isLittle ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  return isLittle ? bytes.readUIntLE(at, width) : bytes.readUIntBE(at, width);
}
