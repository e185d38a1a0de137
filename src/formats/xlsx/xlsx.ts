import { loadedLater } from "../loaded-later.ts";
import type { Format } from "../types.ts";

/**
 * Spreadsheets of Office Open XML (ECMA-376): the first rows of each sheet, cut out of its XML, and
 * the strings in them. A workbook of which nothing is cut is kept byte for byte.
 */
export const xlsx: Format = {
  name: "xlsx",
  extensions: [".xlsx", ".xlsm"],
  kind: "binary",
  sample: loadedLater(async () => (await import("./sample.ts")).sampleXlsx),
};
