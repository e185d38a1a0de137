import { encodingOf, type Encoding } from "../lib/encoding.ts";
import { lineScanner, unitReader } from "../lib/lines.ts";
import { firstRecords, type RecordScanner } from "../lib/records.ts";
import type { Format, SampleRequest, SampleStream } from "../types.ts";

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const DELIMITERS = [0x2c, 0x3b, 0x09, 0x7c];
const VOTING_BYTES = 2048;
/** A quote that is still open after this many bytes (UTF-16: twice as many) was no quote. */
const OPEN_QUOTE_UNITS = 1024 * 1024;

const NO_CANDIDATE = 0xff;
/** For each byte which of the delimiters it is, or the quote. */
const candidates = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === QUOTE ? QUOTE : DELIMITERS.includes(byte) ? DELIMITERS.indexOf(byte) : NO_CANDIDATE,
);

/** For each delimiter, 1 for bytes that are more than content outside quotes. */
const specialBytes = Object.fromEntries(
  DELIMITERS.map((delimiter) => {
    const special = new Uint8Array(256);
    for (const byte of [LF, CR, QUOTE, delimiter, 0xef, 0xbb, 0xbf]) special[byte] = 1;
    return [delimiter, special];
  }),
);
/** In UTF-16 that is any of them. */
const anyByte = new Uint8Array(256).fill(1);

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
  const special = encoding.utf16 === undefined ? (specialBytes[delimiter] as Uint8Array) : anyByte;
  let atFieldStart = true;
  let quoted = false;
  let quoteInQuoted = false;
  let quotedUnits = 0;
  let seen = false;
  let afterCr = false;

  return { started: () => seen, next, giveUp };

  function next(chunk: Uint8Array, from: number): number {
    for (let i = from; i < chunk.length; i += 1) {
      if (!quoted) {
        const start = i;
        while (i < chunk.length && special[chunk[i] as number] === 0) i += 1;
        if (i > start) content();
        if (i === chunk.length) return -1;
      }
      const unit = read(chunk[i] as number);
      if (unit >= 0 && endsRecord(unit)) return i + 1;
      if (quotedUnits > OPEN_QUOTE_UNITS && !quoteInQuoted) return -1;
    }
    return -1;
  }

  function content(): void {
    seen = true;
    atFieldStart = false;
    afterCr = false;
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

function isBomByte(byte: number): boolean {
  return byte === 0xef || byte === 0xbb || byte === 0xbf;
}

/** Tab and bar by extension; else the candidate seen most often outside quotes. */
function delimiterOf(name: string, head: Uint8Array, { utf16 }: Encoding): number {
  if (/\.tsv\b/i.test(name)) return 0x09;
  if (/\.psv\b/i.test(name)) return 0x7c;
  const votes = [0, 0, 0, 0];
  // ASCII in UTF-16 has a zero beside it.
  const step = utf16 === undefined ? 1 : 2;
  const end = Math.min(head.length, VOTING_BYTES);
  let quoted = false;
  for (let i = utf16 === "be" ? 1 : 0; i < end; i += step) {
    if (step === 2 && head[i ^ 1] !== 0) continue;
    const candidate = candidates[head[i] as number] as number;
    if (candidate === NO_CANDIDATE) continue;
    if (candidate === QUOTE) quoted = !quoted;
    else if (!quoted) votes[candidate] = (votes[candidate] as number) + 1;
  }
  return DELIMITERS[votes.indexOf(Math.max(...votes))] as number;
}
