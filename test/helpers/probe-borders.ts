import { parse } from "csv-parse/sync";
import { csvBorders } from "../../src/formats/csv/borders.ts";
import { dialectOf } from "../../src/formats/csv/dialect.ts";
import { windowFor } from "../../src/formats/strategies/draw-text.ts";
import { encodingOf } from "../../src/lib/encoding.ts";
import { HEAD_BYTES } from "../../src/lib/source.ts";

/** The borders that were found in a file from offsets in its middle. */
export interface Probe {
  readonly offsets: number;
  /** Places that are no border, says csv-parse. */
  readonly wrong: number;
  /** Offsets from which no border is certain. */
  readonly refused: number;
}

const ROWS_OF_A_PART = 10;

/**
 * Looks for a border from each of so many offsets, evenly spread over a CSV, and compares with the
 * records of csv-parse. A string is the reason why such a file is not looked into.
 */
export function probeBorders(name: string, bytes: Buffer, offsets: number): Probe | string {
  const head = bytes.subarray(0, HEAD_BYTES);
  const encoding = encodingOf(head);
  const dialect = dialectOf(name, head, encoding);
  const borders = csvBorders(head, encoding, dialect);
  if (typeof borders === "string") return borders;
  const window = windowFor(borders, ROWS_OF_A_PART);
  const truth = bordersOf(bytes, dialect.delimiter);
  let [wrong, refused] = [0, 0];
  for (let i = 0; i < offsets; i += 1) {
    const at = 1 + Math.floor((i * (bytes.length - 1)) / offsets);
    const border = borders.find(bytes.subarray(at, at + window));
    if (border === undefined) refused += 1;
    else if (!truth.has(pastBlank(bytes, at + border))) wrong += 1;
  }
  return { offsets, wrong, refused };
}

/** The offsets after records, and after blank lines that follow them. */
function bordersOf(bytes: Buffer, delimiter: number): ReadonlySet<number> {
  const records = parse(bytes, {
    delimiter: delimiter < 0 ? "\u0000" : String.fromCharCode(delimiter),
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    record_delimiter: ["\r\n", "\n"],
  }) as unknown as { readonly info: { readonly bytes: number } }[];
  return new Set(records.map(({ info }) => pastBlank(bytes, info.bytes)));
}

function pastBlank(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 0x0a || bytes[at] === 0x0d) at += 1;
  return at;
}
