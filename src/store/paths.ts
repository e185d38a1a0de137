import { pathBytes, pathText } from "../lib/pep383.ts";

/** The bytes of a path, as tables keep it: as text, names that are no UTF-8 would become one. */
export function bytesOf(path: string): Buffer {
  const bytes = pathBytes(path);
  return typeof bytes === "string" ? Buffer.from(bytes) : bytes;
}

/** The path of some bytes; undoes `bytesOf`. */
export function pathOf(bytes: Uint8Array): string {
  return pathText(bytes);
}

/** A path as `pathOf` gives it: bytes that are UTF-8 after all have one text, however they came. */
export function storedPath(path: string): string {
  return path.isWellFormed() ? path : pathOf(bytesOf(path));
}

/** A text as a column of texts takes it: NUL and halves of characters are U+FFFD. */
export function textOf(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}
