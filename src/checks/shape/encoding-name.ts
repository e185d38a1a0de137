import { isAscii, isUtf8 } from "node:buffer";
import type { Encoding } from "../../lib/encoding.ts";

/**
 * The encoding of a text as part of a dialect: its name, and `mark` where it begins with a byte
 * order mark. A text of ASCII alone may have any encoding that holds it.
 */
export function encodingName(
  bytes: Uint8Array,
  { unitBytes, bigEndian, bom }: Encoding,
): Readonly<Record<string, string>> {
  const mark = bom > 0 ? { mark: "BOM" } : {};
  if (unitBytes > 1)
    return { encoding: `UTF-${8 * unitBytes} ${bigEndian ? "BE" : "LE"}`, ...mark };
  if (isAscii(bytes)) return { encoding: "ASCII" };
  return { encoding: isUtf8(bytes) ? "UTF-8" : "other", ...mark };
}
