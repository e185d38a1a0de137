import { hasBytes } from "../../lib/signature.ts";
import { loadedLater } from "../loaded-later.ts";
import type { Format } from "../types.ts";

/** A zip archive: a listing and the first members, each sampled by its own format. */
export const zip: Format = {
  name: "zip",
  extensions: [".zip"],
  kind: "binary",
  packs: true,
  matches: (head) => hasBytes(head, [0x50, 0x4b, 3, 4]) || hasBytes(head, [0x50, 0x4b, 5, 6]),
  sample: loadedLater(async () => (await import("./sample.ts")).sampleZip),
};
