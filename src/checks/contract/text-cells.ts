import { isAscii, isUtf8 } from "node:buffer";
import { type CsvFields, fieldValue } from "../../formats/csv/fields.ts";
import type { Dialect } from "../../formats/csv/dialect.ts";
import type { Encoding } from "../../lib/encoding.ts";
import type { QuickTest } from "./quick-test.ts";
import { fieldsOfSample } from "../sample-fields.ts";

const QUOTE = 0x22;
// oxlint-disable-next-line no-control-regex
const NOT_ASCII = /[^\x00-\x7f]/;

/** The cells of delimited text. */
export interface TextCells extends Pick<CsvFields, "records" | "flaw"> {
  readonly encoding: Encoding;
  readonly dialect: Dialect;
  /** False where bytes are neither UTF-8 nor, by their mark, UTF-16 or UTF-32. */
  readonly isUnicode: boolean;
  /** The text of field `i`. */
  text(i: number): string;
  /** True where field `i` has no quotes, and its bytes pass a test. */
  passes(i: number, test: QuickTest): boolean;
}

/** Finds the cells of delimited text, whatever its encoding; `name` is that of its file. */
export function textCells(name: string, bytes: Uint8Array): TextCells {
  const { written: encoding, text, dialect, fields } = fieldsOfSample(name, bytes);
  const { starts, ends, records, escapes, flaw } = fields;
  const buffer = Buffer.from(text.buffer, text.byteOffset, text.length);
  const isPlain = isAscii(buffer);
  const isUnicode = isPlain || isUtf8(buffer);
  // One character for each byte: most cells are cut out of it.
  const whole = buffer.toString("latin1");
  const decode = (piece: Uint8Array): string =>
    Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString(
      isUnicode ? "utf8" : "latin1",
    );
  return {
    encoding,
    dialect,
    records,
    flaw,
    isUnicode,
    passes(i, test) {
      const start = starts[i] as number;
      return text[start] !== QUOTE && test(text, start, ends[i] as number);
    },
    text(i) {
      const [start, end] = [starts[i] as number, ends[i] as number];
      if (text[start] === QUOTE) return fieldValue(text, start, end, { escapes }, decode);
      const cell = whole.substring(start, end);
      return !isPlain && isUnicode && NOT_ASCII.test(cell)
        ? decode(text.subarray(start, end))
        : cell;
    },
  };
}
