import { type Encoding, type Head, numberAt, setNumber } from "./head.ts";

type Layout = readonly [lengthBytes: number, kind: "scalar" | "bytes" | "ext" | "array" | "map"];

/** Bytes from 0xc0 to 0xdf: the bytes of the number after them, or of a scalar, and what it counts. */
const layouts: readonly (Layout | undefined)[] = [
  [0, "scalar"],
  undefined,
  [0, "scalar"],
  [0, "scalar"],
  [1, "bytes"],
  [2, "bytes"],
  [4, "bytes"],
  [1, "ext"],
  [2, "ext"],
  [4, "ext"],
  [4, "scalar"],
  [8, "scalar"],
  [1, "scalar"],
  [2, "scalar"],
  [4, "scalar"],
  [8, "scalar"],
  [1, "scalar"],
  [2, "scalar"],
  [4, "scalar"],
  [8, "scalar"],
  // Extensions of 1 to 16 bytes, with a type before them.
  [2, "scalar"],
  [3, "scalar"],
  [5, "scalar"],
  [9, "scalar"],
  [17, "scalar"],
  [1, "bytes"],
  [2, "bytes"],
  [4, "bytes"],
  [2, "array"],
  [4, "array"],
  [2, "map"],
  [4, "map"],
];
const FIRST_LAYOUT = 0xc0;

/** MessagePack (the specification of github.com/msgpack/msgpack, "Formats"). */
export const msgpack: Encoding = {
  name: "msgpack",
  headAt(bytes, at) {
    if (at >= bytes.length) return undefined;
    const first = bytes.readUInt8(at);
    if (first < 0x80 || first >= 0xe0) return head(1, 0, 0);
    if (first < 0x90) return head(1, 0, 2 * (first & 15), "map");
    if (first < 0xa0) return head(1, 0, first & 15, "array");
    if (first < FIRST_LAYOUT) return head(1, first & 31, 0);
    const layout = layouts[first - FIRST_LAYOUT];
    if (layout === undefined) return "a byte that MessagePack never uses";
    const [width, kind] = layout;
    if (kind === "scalar") return head(1, width, 0);
    const number = numberAt(bytes, at + 1, width);
    if (number === undefined) return undefined;
    if (kind === "array") return head(1 + width, 0, number, kind);
    if (kind === "map") return head(1 + width, 0, 2 * number, kind);
    return head(1 + width, number + (kind === "ext" ? 1 : 0), 0);
  },
  setCount(bytes, count) {
    if (bytes.length === 1) bytes.writeUInt8(0x90 | count);
    else setNumber(bytes, count);
  },
};

function head(
  bytes: number,
  content: number,
  children: number,
  role: Head["role"] = "value",
): Head {
  return { bytes, content, children, role };
}
