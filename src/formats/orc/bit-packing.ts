/** Widths of packed values by their code (ORC v1, "Direct"); below, the code is the width less one. */
const WIDE = [26, 28, 30, 32, 40, 48, 56, 64];
const FIRST_WIDE = 24;

/** The width in bits for a code of 0 to 31. */
export function widthOf(code: number): number {
  return WIDE[code - FIRST_WIDE] ?? code + 1;
}

/** The next width that values of so many bits are packed in. */
export function packedWidth(bits: number): number {
  return bits <= FIRST_WIDE ? bits : (WIDE.find((width) => width >= bits) ?? 64);
}

/** Bytes of packed values. */
export function packedBytes(count: number, width: number): number {
  return Math.ceil((count * width) / 8);
}

/** Values of so many bits each, the highest bit first, from byte `at` on. */
export function unpacked(bytes: Buffer, at: number, count: number, width: number): bigint[] {
  const values: bigint[] = [];
  let held = 0n;
  let bits = 0;
  let next = at;
  for (let i = 0; i < count; i += 1) {
    for (; bits < width; bits += 8) {
      held = (held << 8n) | BigInt(bytes[next] as number);
      next += 1;
    }
    bits -= width;
    values.push(held >> BigInt(bits));
    held = BigInt.asUintN(bits, held);
  }
  return values;
}
