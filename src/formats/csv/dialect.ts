import { type Encoding, unitsOf } from "../../lib/encoding.ts";
import { HEAD_BYTES } from "../../lib/source.ts";
import { headerAfter, linesAbove } from "./above.ts";
import { readingOf } from "./vote.ts";

/** Code units that are read to find the delimiter. */
const VOTING_UNITS = 4096;

/** The dialect of delimited text. */
export interface Dialect {
  /** The code unit between fields. */
  readonly delimiter: number;
  /** True where a backslash before a quote makes it content. */
  readonly escapes: boolean;
  /** Offset of the header in bytes: after comments and titles, 0 where there are none. */
  readonly headerAt: number;
  /** Warnings of what is not certain. */
  readonly warnings: readonly string[];
}

/**
 * Tells how a text is written, by its name (`.tsv`, `.tab`, `.psv`) and its first 64 KiB. Samples are cut
 * and shown by the same dialect.
 */
export function dialectOf(name: string, text: Uint8Array, encoding: Encoding): Dialect {
  const { loneCr, unitBytes, bom } = encoding;
  const units = unitsOf(text.subarray(bom, HEAD_BYTES), encoding);
  const above = linesAbove(units, loneCr);
  const named = above.delimiter ?? delimiterOfName(name);
  const short = vote(VOTING_UNITS);
  // A header alone has nothing to agree with: values may be longer than that.
  const isAlone = short.reading.counts.length < 2 && above.end + VOTING_UNITS < units.length;
  const { reading, warnings } = isAlone ? vote(units.length) : short;
  const header = headerAfter(above, units, reading);
  return {
    delimiter: reading.delimiter,
    escapes: reading.escapes,
    headerAt: header.at === 0 ? 0 : bom + header.at * unitBytes,
    warnings: [...warnings, ...header.warnings],
  };

  function vote(length: number): ReturnType<typeof readingOf> {
    const end = above.end + length;
    const ended = end >= units.length && text.length < HEAD_BYTES;
    return readingOf({ units: units.subarray(above.end, end), loneCr, ended }, named);
  }
}

function delimiterOfName(name: string): number | undefined {
  if (/\.(tsv|tab)\b/i.test(name)) return 0x09;
  return /\.psv\b/i.test(name) ? 0x7c : undefined;
}
