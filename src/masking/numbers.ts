/** A whole number that was masked digit by digit, brought into the range of its type. */
export function wholeWithin(text: string, bits: number): bigint {
  const number = BigInt(text);
  if (BigInt.asIntN(bits, number) === number) return number;
  // It has as many digits as the largest one, and is larger: one digit less is not.
  const sign = text.startsWith("-") ? -1n : 1n;
  return sign * BigInt(text.replace(/^-?\d/, ""));
}

/** A number in two's complement, the highest byte first; of as many bytes as it takes by default. */
export function twosComplement(number: bigint, bytes = bytesFor(number)): Buffer {
  const hex = BigInt.asUintN(8 * bytes, number).toString(16);
  return Buffer.from(hex.padStart(2 * bytes, "0"), "hex");
}

function bytesFor(number: bigint): number {
  let bytes = 1;
  while (BigInt.asIntN(8 * bytes, number) !== number) bytes += 1;
  return bytes;
}

/** The number that bytes in two's complement are, the highest first. */
export function unscaled(bytes: Buffer): bigint {
  if (bytes.length === 0) return 0n;
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString("hex")}`));
}

/** Bytes as text: UTF-8 where they are, else a character for each byte. */
export function bytesAsText(bytes: Buffer): string {
  const text = bytes.toString();
  return text.includes("\ufffd") ? bytes.toString("latin1") : text;
}
