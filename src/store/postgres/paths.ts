import { pathBytes, pathText } from "../../lib/pep383.ts";

/** The bytes of a path, as tables keep it: as text, names that are no UTF-8 would become one. */
export function bytesOf(path: string): Buffer {
  const bytes = pathBytes(path);
  return typeof bytes === "string" ? Buffer.from(bytes) : bytes;
}

/** The path of some bytes; undoes `bytesOf`. */
export function pathOf(bytes: Uint8Array): string {
  return pathText(bytes);
}
