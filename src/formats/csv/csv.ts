import { encodingOf, type Encoding } from "../../lib/encoding.ts";
import { lineScanner, unitReader } from "../../lib/lines.ts";
import { recordCutter, type RecordScanner } from "../../lib/records.ts";
import { cutFormat } from "../cut.ts";
import { drawText } from "../strategies/draw-text.ts";
import type { RecordText } from "../strategies/record-text.ts";
import type { Format, SampleCutter, SampleRequest } from "../types.ts";
import { csvBorders } from "./borders.ts";
import { type Dialect, dialectOf } from "./dialect.ts";

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Code units after which a quote that is still open counts as no quote. */
const OPEN_QUOTE_UNITS = 1024 * 1024;

/**
 * Tables with 1 for bytes that are more than content outside quotes, by delimiter and by whether a
 * backslash escapes.
 */
const specialBytes = new Map<string, Uint8Array>();
/** The same table for UTF-16 and UTF-32, where any byte may be more than content. */
const anyByte = new Uint8Array(256).fill(1);

/** Delimited text: the header and the first records, verbatim. */
export const csv: Format = cutFormat({
  name: "csv",
  extensions: [".csv", ".tsv", ".psv", ".tab"],
  kind: "text",
  cutter: cutCsv,
  async draw(request, strategy) {
    const { source } = request;
    return drawText(csvText(source.name, await source.head()), request, strategy);
  },
});

function cutCsv(head: Uint8Array, { source, limits }: SampleRequest): SampleCutter {
  const text = csvText(source.name, head);
  const warnings = [...text.warnings];
  const scanner = text.scanner("start", (warning) => warnings.push(warning));
  const cutter = recordCutter(scanner, {
    records: limits.rows + text.headers,
    bytes: limits.bytes,
    atLeast: text.headers + 1,
    recordBytes: limits.recordBytes,
  });
  return {
    ...cutter,
    summary() {
      const { records, ...rest } = cutter.result();
      return { format: "csv", rows: Math.max(0, records - 1), ...rest, warnings };
    },
  };
}

function csvText(name: string, head: Uint8Array): RecordText {
  const encoding = encodingOf(head);
  const dialect = dialectOf(name, head, encoding);
  return {
    format: "csv",
    headers: 1,
    warnings: dialect.warnings,
    scanner(from, warn) {
      const isStart = from === "start";
      return csvScanner(
        isStart ? encoding : { ...encoding, bom: 0 },
        isStart ? dialect : { ...dialect, headerAt: 0 },
        () => warn("a quote is not closed: read as plain lines from there"),
      );
    },
    borders: () => csvBorders(head, encoding, dialect),
  };
}

/**
 * Creates a scanner of records by RFC 4180: a quote opens only at the start of a field, and a line
 * end inside quotes is content. Blank lines do not count as records, nor does anything above the
 * header. A backslash makes a quote content in a dialect that has escapes, and from the first quote
 * on that makes sense only so.
 */
export function csvScanner(
  encoding: Encoding,
  dialect: Omit<Dialect, "warnings">,
  onOpenQuote: () => void,
): RecordScanner {
  const { delimiter } = dialect;
  const read = unitReader(encoding);
  const isBytewise = encoding.unitBytes === 1;
  let { escapes, headerAt: above } = dialect;
  let special = specialFor(encoding, delimiter, escapes);
  let atFieldStart = true;
  let quoted = false;
  let quoteInQuoted = false;
  let quotedUnits = 0;
  /**
   * True after a backslash that is not escaped itself; `quoteEscaped`: true when the last quote was
   * escaped.
   */
  let escaped = false;
  let quoteEscaped = false;
  let seen = false;
  let afterCr = false;

  return { started: () => seen, next, giveUp };

  function next(chunk: Uint8Array, from: number): number {
    const skipped = Math.min(above, chunk.length - from);
    above -= skipped;
    for (let i = from + skipped; i < chunk.length; i += 1) {
      if (!quoted) {
        const start = i;
        while (i < chunk.length && special[chunk[i] as number] === 0) i += 1;
        if (i > start) content();
        if (i === chunk.length) return -1;
        if (isBytewise && !escapes && chunk[i] === delimiter) {
          content();
          atFieldStart = true;
          continue;
        }
      } else if (isBytewise && !quoteInQuoted) {
        i = pastQuoted(chunk, i);
        if (i === chunk.length) return -1;
      }
      const unit = read(chunk[i] as number);
      if (unit >= 0 && endsRecord(unit)) return i + 1;
      if (quotedUnits > OPEN_QUOTE_UNITS && !quoteInQuoted) return -1;
    }
    return -1;
  }

  /** Passes over content in quotes, up to where they have been open for too long. */
  function pastQuoted(chunk: Uint8Array, from: number): number {
    const end = Math.min(chunk.length, from + OPEN_QUOTE_UNITS - quotedUnits);
    let i = from;
    while (i < end && chunk[i] !== QUOTE && chunk[i] !== BACKSLASH) i += 1;
    quotedUnits += i - from;
    if (i > from) escaped = false;
    return i;
  }

  function content(): void {
    seen = true;
    atFieldStart = false;
    afterCr = false;
  }

  function endsRecord(unit: number): boolean {
    if (quoted && !(quoteInQuoted && isClosed(unit))) {
      insideQuotes(unit);
      return false;
    }
    if (escapes && escapesNext(unit)) return false;
    const partOfCrLf = afterCr && unit === LF;
    afterCr = encoding.loneCr && unit === CR;
    if (partOfCrLf) return false;
    if (unit === LF || afterCr) return endOfLine();
    if (unit === QUOTE && atFieldStart) quoted = true;
    atFieldStart = unit === delimiter || (atFieldStart && isBom(unit));
    if (unit !== CR && !isBom(unit)) seen = true;
    return false;
  }

  /** True when a unit outside quotes is a backslash, or follows one that makes it content. */
  function escapesNext(unit: number): boolean {
    const isEither = escaped || unit === BACKSLASH;
    escaped = !escaped && unit === BACKSLASH;
    if (isEither) content();
    return isEither;
  }

  function insideQuotes(unit: number): void {
    quotedUnits += 1;
    quoteEscaped = escaped;
    quoteInQuoted = unit === QUOTE && !quoteInQuoted && !(escaped && escapes);
    escaped = unit === BACKSLASH && !escaped;
  }

  /** True when the quote before a unit closed the field. */
  function isClosed(unit: number): boolean {
    if (unit === QUOTE) return false;
    if (quoteEscaped && unit !== delimiter && unit !== LF && unit !== CR) {
      escapes = true;
      special = specialFor(encoding, delimiter, escapes);
      quoteInQuoted = false;
      return false;
    }
    quoted = false;
    quoteInQuoted = false;
    escaped = false;
    quotedUnits = 0;
    return true;
  }

  function endOfLine(): boolean {
    const ended = seen;
    seen = false;
    atFieldStart = true;
    return ended;
  }

  function isBom(unit: number): boolean {
    return unit === 0xfeff || (encoding.bom === 3 && !seen && isBomByte(unit));
  }

  function giveUp(atEnd: boolean): RecordScanner | "wait" | undefined {
    if (!quoted || quoteInQuoted) return undefined;
    if (quotedUnits <= OPEN_QUOTE_UNITS && !atEnd) return "wait";
    onOpenQuote();
    return lineScanner(encoding, true);
  }
}

function isBomByte(byte: number): boolean {
  return byte === 0xef || byte === 0xbb || byte === 0xbf;
}

function specialFor(encoding: Encoding, delimiter: number, escapes: boolean): Uint8Array {
  if (encoding.unitBytes > 1) return anyByte;
  const key = `${delimiter} ${escapes}`;
  const known = specialBytes.get(key);
  if (known !== undefined) return known;
  const special = new Uint8Array(256);
  for (const byte of [LF, CR, QUOTE, delimiter, 0xef, 0xbb, 0xbf]) special[byte] = 1;
  if (escapes) special[BACKSLASH] = 1;
  specialBytes.set(key, special);
  return special;
}
