import { loadedLater } from "../loaded-later.ts";
import type { Format } from "../types.ts";
import { isArrowFile, isArrowStream } from "./messages.ts";

/**
 * Arrow IPC, files (Feather 2) and streams: the first rows, cut out of their buffers. Schema,
 * dictionaries and metadata are copied (Arrow columnar format, "Serialization and Interprocess
 * Communication").
 */
export const arrow: Format = {
  name: "arrow",
  extensions: [".arrow", ".arrows", ".feather"],
  kind: "binary",
  matches: (head) => isArrowFile(head) || isArrowStream(head),
  sample: loadedLater(async () => (await import("./sample.ts")).sampleArrow),
};
