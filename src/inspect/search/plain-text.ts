import { fieldsOfSample, forgetFields } from "../../checks/sample-fields.ts";
import { csvShape } from "../../checks/shape/csv-shape.ts";
import { lineFormats } from "../../formats/lines/families.ts";
import { isText, utf8 } from "../../lib/encoding.ts";

/** Formats whose values stand in the bytes as they are, but for what is no letter or digit. */
const VERBATIM = new Set(["csv", "text", ...lineFormats.map(({ name }) => name)]);
/** Beginnings of an escape that can stand for a letter or a digit. */
const ESCAPES = ["\\u00", "&#"];

/**
 * The text of a sample that has the same words as its values, without the names of columns;
 * undefined where the sample has to be decoded. `name` is that of its file.
 */
export function textOfValues(
  name: string,
  format: string | null,
  bytes: Uint8Array,
): string | undefined {
  if (!VERBATIM.has(format ?? "") || bytes.includes(0)) return undefined;
  try {
    return utf8.decode(format === "csv" ? bytes.subarray(endOfHeader(name, bytes)) : bytes);
  } catch {
    return undefined;
  }
}

/** Offset after the names of columns; 0 where there are none. */
function endOfHeader(name: string, bytes: Uint8Array): number {
  try {
    const { header } = csvShape(name, bytes);
    const { ends, records } = fieldsOfSample(name, bytes).fields;
    return header === "none" ? 0 : (ends[(records[1] ?? 0) - 1] ?? 0);
  } finally {
    forgetFields();
  }
}

/**
 * A test for the bytes of a sample: false where it is plain text that lacks one of some words, so
 * that it need not be decoded. Where a word may be written in another way, it is true.
 */
export function mayHave(words: readonly string[]): (bytes: Uint8Array) => boolean {
  const plain = words.filter((word) => /^[\da-z]+$/.test(word));
  return (bytes) => {
    if (plain.length === 0 || !isText(bytes) || bytes.includes(0)) return true;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    const lower = text.toLowerCase();
    return plain.every((word) => lower.includes(word)) || ESCAPES.some((one) => text.includes(one));
  };
}
