import { hasBytes } from "../../lib/signature.ts";
import { loadedLater } from "../loaded-later.ts";
import type { Format } from "../types.ts";

/**
 * Apache Parquet: the first rows, cut out of their pages without a look at the values. The schema
 * and metadata stay as they are (github.com/apache/parquet-format).
 */
export const parquet: Format = {
  name: "parquet",
  extensions: [".parquet", ".pq"],
  kind: "binary",
  matches: (head) => hasMagic(head, "1") || hasMagic(head, "E"),
  sample: loadedLater(async () => (await import("./sample.ts")).sampleParquet),
  draw: async (request, strategy) => (await import("./sample.ts")).drawParquet(request, strategy),
};

/** True for what begins as a Parquet file does, or, with `E`, an encrypted one. */
export function hasMagic(head: Uint8Array, last: "1" | "E"): boolean {
  return hasBytes(head, [0x50, 0x41, 0x52, last.charCodeAt(0)]);
}
