import { hasBytes } from "../../lib/signature.ts";
import { loadedLater } from "../loaded-later.ts";
import type { Format } from "../types.ts";

/** The first bytes of a file: `Obj`, and 1. */
export const MAGIC = [0x4f, 0x62, 0x6a, 0x01];

/**
 * An Avro object container file: its header and first blocks, verbatim; the last of them is cut
 * after a record and compressed again.
 */
export const avro: Format = {
  name: "avro",
  extensions: [".avro"],
  kind: "binary",
  matches: isAvro,
  sample: loadedLater(async () => (await import("./sample.ts")).sampleAvro),
  draw: async (request, strategy) => (await import("./sample.ts")).drawAvro(request, strategy),
};

/** True when these first bytes are those of an object container file. */
export function isAvro(head: Uint8Array): boolean {
  return hasBytes(head, MAGIC);
}
