import { isText } from "../../lib/encoding.ts";
import { hasBytes } from "../../lib/signature.ts";
import { loadedLater } from "../loaded-later.ts";
import type { Format } from "../types.ts";

/**
 * Apache ORC: the first rows, cut out of the streams of each column. Types, encodings and the user's
 * metadata stay as they are (ORC specification v1).
 */
export const orc: Format = {
  name: "orc",
  extensions: [".orc"],
  kind: "binary",
  // Three letters are not much: a text may begin with them.
  matches: (head) => isOrc(head) && !isText(head),
  sample: loadedLater(async () => (await import("./sample.ts")).sampleOrc),
};

/** True for what begins as an ORC file does. */
export function isOrc(head: Uint8Array): boolean {
  return hasBytes(head, [0x4f, 0x52, 0x43]);
}
