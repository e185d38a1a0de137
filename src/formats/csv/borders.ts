import type { Encoding } from "../../lib/encoding.ts";
import type { Borders } from "../strategies/record-text.ts";
import type { Dialect } from "./dialect.ts";
import { certainBorder, readStrictly } from "./strict.ts";

const ESCAPED_QUOTE = '\\"';

/** The means to find records from the middle of a file; a string is the reason why that is unsafe. */
export function csvBorders(
  head: Uint8Array,
  { unitBytes, bom }: Encoding,
  { delimiter, headerAt, warnings }: Dialect,
): Borders | string {
  if (unitBytes > 1) return `records cannot be found from the middle of UTF-${8 * unitBytes}`;
  if (Buffer.from(head.buffer, head.byteOffset, head.length).includes(ESCAPED_QUOTE)) {
    return "a backslash before a quote may make it content";
  }
  if (warnings[0] !== undefined) return warnings[0];
  const table = head.subarray(Math.max(headerAt, bom));
  const reading = readStrictly(table, "record", { delimiter, fields: 0 });
  if (reading === undefined) return "its first records differ in their fields, or are not RFC 4180";
  const { ends, fields, hasLinesInQuotes } = reading;
  if (ends.length < 2) return "its first records are too long";
  const shape = { delimiter, fields, hasLinesInQuotes };
  const longest = ends.reduce((most, end, i) => Math.max(most, end - (ends[i - 1] ?? 0)), 0);
  return { longest, find: (bytes) => certainBorder(bytes, shape) };
}
