import { cachedSlice } from "../../lib/blocks.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Source } from "../../lib/source.ts";
import type { Facts } from "./facts.ts";

type Read = NonNullable<Source["slice"]>;
type Size = Pick<Facts, "width" | "height" | "bits">;

/** Bytes that hold a size in formats that have it at their beginning. */
const HEAD_BYTES = 64;
/** Segments of a JPEG, and fields of a TIFF, that are gone through at most. */
const MAX_PARTS = 1000;
/** Channels by the colour type of a PNG. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Markers of JPEG that begin a frame (ITU-T T.81, B.1.1.3), and those without a length. */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
const isBare = (marker: number) => marker === 1 || (marker >= 0xd0 && marker <= 0xd8);
const SCAN = 0xda;
/** Tags of TIFF 6.0. */
const TIFF = { width: 256, height: 257, bits: 258, samples: 277 };

const kinds: readonly (readonly [
  matches: (head: Uint8Array) => boolean,
  size: (head: Buffer, read: Read) => Size | Promise<Size>,
])[] = [
  [(head) => hasBytes(head, [0x89, 0x50, 0x4e, 0x47]), sizeOfPng],
  [(head) => hasBytes(head, [0xff, 0xd8, 0xff]), (_, read) => sizeOfJpeg(read)],
  [(head) => hasBytes(head, [0x47, 0x49, 0x46, 0x38]), sizeOfGif],
  [isBmp, sizeOfBmp],
  [(head) => hasBytes(head, [0x49, 0x49, 42, 0]), (head, read) => sizeOfTiff(head, read, true)],
  [(head) => hasBytes(head, [0x4d, 0x4d, 0, 42]), (head, read) => sizeOfTiff(head, read, false)],
  [isWebp, sizeOfWebp],
];

/** True for a picture whose size is told. */
export function isImage(head: Uint8Array): boolean {
  return kinds.some(([matches]) => matches(head));
}

/** Width, height and bits of a pixel, where these are more than 0. */
export async function imageFacts(slice: Read): Promise<Facts> {
  const read = cachedSlice(slice);
  const head = Buffer.from(await read(0, HEAD_BYTES));
  const size = (await kinds.find(([matches]) => matches(head))?.[1](head, read)) ?? {};
  return Object.fromEntries(Object.entries(size).filter(([, number]) => number > 0));
}

function sizeOfPng(head: Buffer): Size {
  const bits = head.readUInt8(24) * (CHANNELS[head.readUInt8(25)] ?? 0);
  return { width: head.readUInt32BE(16), height: head.readUInt32BE(20), bits };
}

function sizeOfGif(head: Buffer): Size {
  const bits = (head.readUInt8(10) & 7) + 1;
  return { width: head.readUInt16LE(6), height: head.readUInt16LE(8), bits };
}

/** True for a bitmap, by its mark, two reserved fields, and the size of the header that follows. */
function isBmp(head: Uint8Array): boolean {
  const isMarked = hasBytes(head, [0x42, 0x4d]) && hasBytes(head, [0, 0, 0, 0], 6);
  return isMarked && [12, 40, 52, 56, 64, 108, 124].includes(head[14] ?? 0);
}

function sizeOfBmp(head: Buffer): Size {
  if (head.readUInt32LE(14) === 12) {
    const [width, height, bits] = [18, 20, 24].map((at) => head.readUInt16LE(at));
    return { width, height, bits } as Size;
  }
  const [width, height] = [18, 22].map((at) => Math.abs(head.readInt32LE(at)));
  return { width, height, bits: head.readUInt16LE(28) } as Size;
}

function isWebp(head: Uint8Array): boolean {
  return hasBytes(head, [0x52, 0x49, 0x46, 0x46]) && hasBytes(head, [0x57, 0x45, 0x42, 0x50], 8);
}

/** The size by the first chunk (WebP Container Specification; RFC 6386, 9.1; RFC 9649, 3.4). */
function sizeOfWebp(head: Buffer): Size {
  const chunk = head.toString("latin1", 12, 16);
  if (chunk === "VP8X")
    return { width: head.readUIntLE(24, 3) + 1, height: head.readUIntLE(27, 3) + 1 };
  if (chunk === "VP8 ") {
    return { width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff };
  }
  if (chunk !== "VP8L") return {};
  const packed = head.readUInt32LE(21);
  return { width: (packed & 0x3fff) + 1, height: ((packed >> 14) & 0x3fff) + 1 };
}

/** The size in the first frame, from segment to segment. */
async function sizeOfJpeg(read: Read): Promise<Size> {
  let at = 2;
  for (let seen = 0; seen < MAX_PARTS; seen += 1) {
    const segment = Buffer.from(await read(at, at + 10));
    const marker = segment.readUInt8(1);
    if (segment.readUInt8(0) !== 0xff || marker === SCAN) return {};
    if (isFrame(marker)) {
      const bits = segment.readUInt8(4) * segment.readUInt8(9);
      return { height: segment.readUInt16BE(5), width: segment.readUInt16BE(7), bits };
    }
    // A marker may be filled up with bytes of 0xff.
    at += marker === 0xff ? 1 : isBare(marker) ? 2 : 2 + segment.readUInt16BE(2);
  }
  return {};
}

/** The size in the first directory of a TIFF (TIFF 6.0, section 2). */
async function sizeOfTiff(head: Buffer, read: Read, isLittle: boolean): Promise<Size> {
  const short = (bytes: Buffer, at: number) =>
    isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  const long = (bytes: Buffer, at: number) =>
    isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  const start = long(head, 4);
  const count = short(Buffer.from(await read(start, start + 2)), 0);
  const fields = Buffer.from(await read(start + 2, start + 2 + 12 * Math.min(count, MAX_PARTS)));
  const found = new Map<number, number>();
  for (let at = 0; at + 12 <= fields.length; at += 12) {
    const isShort = short(fields, at + 2) === 3;
    // Three and more numbers stand elsewhere.
    const isHere = long(fields, at + 4) * (isShort ? 2 : 4) <= 4;
    const value = isShort && isHere ? short(fields, at + 8) : long(fields, at + 8);
    const there = isHere ? value : short(Buffer.from(await read(value, value + 2)), 0);
    if (Object.values(TIFF).includes(short(fields, at))) found.set(short(fields, at), there);
  }
  const number = (tag: number) => found.get(tag) ?? 0;
  const bits = (found.get(TIFF.bits) ?? 1) * (found.get(TIFF.samples) ?? 1);
  return { width: number(TIFF.width), height: number(TIFF.height), bits };
}
