import { encodingOf, type Encoding } from "../lib/encoding.ts";
import { lineScanner, unitReader } from "../lib/lines.ts";
import { firstRecords, type RecordScanner } from "../lib/records.ts";
import type { Format, SampleRequest, SampleStream } from "../types.ts";

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const DELIMITERS = [0x2c, 0x3b, 0x09, 0x7c];
const VOTING_BYTES = 8192;
/** A quote that is still open after this many bytes (UTF-16: twice as many) was no quote. */
const OPEN_QUOTE_UNITS = 1024 * 1024;

/** Delimited text: the header and the first records, verbatim. */
export const csv: Format = {
  name: "csv",
  extensions: [".csv", ".tsv", ".psv"],
  kind: "text",
  sample: sampleCsv,
};

async function* sampleCsv({ source, limits }: SampleRequest): SampleStream {
  const head = await source.head();
  const encoding = encodingOf(head);
  const warnings: string[] = [];
  const scanner = csvScanner(encoding, delimiterOf(source.name, head, encoding), () => {
    warnings.push("a quote is not closed: read as plain lines from there");
  });
  const kept = yield* firstRecords(source.stream(), scanner, {
    records: limits.rows + 1,
    bytes: limits.bytes,
    atLeast: 2,
    recordBytes: limits.recordBytes,
  });
  const { records, ...rest } = kept;
  return { format: "csv", rows: Math.max(0, records - 1), ...rest, warnings };
}

/**
 * Records by RFC 4180: a quote opens only at the start of a field, and a line end inside quotes
 * is content. Blank lines do not count as records.
 */
export function csvScanner(
  encoding: Encoding,
  delimiter: number,
  onOpenQuote: () => void,
): RecordScanner {
  const read = unitReader(encoding.utf16);
  const special = specialBytes(encoding, delimiter);
  let atFieldStart = true;
  let quoted = false;
  let quoteInQuoted = false;
  let quotedUnits = 0;
  let seen = false;
  let afterCr = false;

  return { started: () => seen, next, giveUp };

  function next(chunk: Uint8Array, from: number): number {
    for (let i = from; i < chunk.length; i += 1) {
      const byte = chunk[i] as number;
      if (!quoted && special[byte] === 0) {
        seen = true;
        atFieldStart = false;
        afterCr = false;
        continue;
      }
      const unit = read(byte);
      if (unit >= 0 && endsRecord(unit)) return i + 1;
      if (quotedUnits > OPEN_QUOTE_UNITS && !quoteInQuoted) return -1;
    }
    return -1;
  }

  function endsRecord(unit: number): boolean {
    if (quoted && !quoteInQuoted) {
      quotedUnits += 1;
      quoteInQuoted = unit === QUOTE;
      return false;
    }
    if (quoteInQuoted) {
      quoteInQuoted = false;
      if (unit === QUOTE) return false;
      quoted = false;
      quotedUnits = 0;
    }
    const partOfCrLf = afterCr && unit === LF;
    afterCr = encoding.loneCr && unit === CR;
    if (partOfCrLf) return false;
    if (unit === LF || afterCr) return endOfLine();
    if (unit === QUOTE && atFieldStart) quoted = true;
    atFieldStart = unit === delimiter || (atFieldStart && isBom(unit));
    if (unit !== CR && !isBom(unit)) seen = true;
    return false;
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

/** 1 for bytes that are more than content outside quotes; in UTF-16 that is any of them. */
function specialBytes({ utf16 }: Encoding, delimiter: number): Uint8Array {
  const special = new Uint8Array(256).fill(utf16 === undefined ? 0 : 1);
  for (const byte of [LF, CR, QUOTE, delimiter, 0xef, 0xbb, 0xbf]) special[byte] = 1;
  return special;
}

function isBomByte(byte: number): boolean {
  return byte === 0xef || byte === 0xbb || byte === 0xbf;
}

/** Tab and bar by extension; else the candidate seen most often outside quotes. */
function delimiterOf(name: string, head: Uint8Array, { utf16 }: Encoding): number {
  if (/\.tsv\b/i.test(name)) return 0x09;
  if (/\.psv\b/i.test(name)) return 0x7c;
  const read = unitReader(utf16);
  const votes = new Uint32Array(256);
  const votesOf = (delimiter: number): number => votes[delimiter] as number;
  let quoted = false;
  for (let i = 0; i < head.length && i < VOTING_BYTES; i += 1) {
    const unit = read(head[i] as number);
    if (unit === QUOTE) quoted = !quoted;
    else if (!quoted && unit >= 0 && unit < votes.length) votes[unit] = votesOf(unit) + 1;
  }
  return DELIMITERS.reduce((best, other) => (votesOf(other) > votesOf(best) ? other : best));
}
