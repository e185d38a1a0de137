import { keyOf } from "../storage/identity.ts";
import type { Wanted } from "./context.ts";

/** The key that the store knows an object by: decompressed it is another one. */
export function objectKey({ url, decompress = false }: Wanted): string {
  return keyOf(url, ...(decompress ? ["decompressed"] : []));
}

/** The key of a transfer: who expects something else of an object has a transfer of their own. */
export function transferKey(wanted: Wanted): string {
  const { url, sha256 = "", bytes = "", decompress = false } = wanted;
  return keyOf(url, sha256, String(bytes), String(decompress));
}
