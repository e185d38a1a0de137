import { gzipSync } from "node:zlib";

const MEMBER_BYTES = 64 * 1024 * 1024;

/** Limits under which a `slowTgz` is worked on for as long as it takes. */
export const slowLimits = { readBytes: "1GiB", ratio: 1_000_000, seconds: 300 };

/** A `.tgz` of some 30 MB that takes a minute or so to read through, but little memory. */
export function slowTgz(): Buffer {
  const header = Buffer.alloc(512);
  header.write("zeros", 0);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${MEMBER_BYTES.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write("0ustar\u000000", 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const member = gzipSync(Buffer.concat([header, Buffer.alloc(MEMBER_BYTES)]));
  return Buffer.concat(Array.from({ length: 450 }, () => member));
}
