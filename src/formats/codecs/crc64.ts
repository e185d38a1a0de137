/** The table of CRC-64, in halves of 32 bits: polynomial 0xc96c5795d7870f42, lowest bit first. */
const low = new Int32Array(256);
const high = new Int32Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  let l = byte;
  let h = 0;
  for (let bit = 0; bit < 8; bit += 1) {
    const isOdd = (l & 1) === 1;
    l = (l >>> 1) | (h << 31);
    h >>>= 1;
    if (!isOdd) continue;
    l ^= 0xd7870f42;
    h ^= 0xc96c5795;
  }
  low[byte] = l;
  high[byte] = h;
}

/** A checksum of what has been added so far. */
export interface Crc64 {
  add(bytes: Uint8Array): void;
  /** 8 bytes, the lowest first. */
  digest(): Buffer;
}

/** CRC-64 as in ECMA-182, which xz has by default. */
export function crc64(): Crc64 {
  let l = -1;
  let h = -1;
  return { add, digest };

  function add(bytes: Uint8Array): void {
    let crcLow = l;
    let crcHigh = h;
    for (let i = 0; i < bytes.length; i += 1) {
      const entry = (crcLow ^ (bytes[i] as number)) & 0xff;
      crcLow = ((crcLow >>> 8) | (crcHigh << 24)) ^ (low[entry] as number);
      crcHigh = (crcHigh >>> 8) ^ (high[entry] as number);
    }
    l = crcLow;
    h = crcHigh;
  }

  function digest(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeInt32LE(~l, 0);
    bytes.writeInt32LE(~h, 4);
    return bytes;
  }
}
