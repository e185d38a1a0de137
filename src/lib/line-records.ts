import type { RecordScanner } from "./records.ts";

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = new Uint8Array();

/** Bytes of a line by which a rule decides, at most. */
const LOOKED_AT_BYTES = 256;

/** The way in which lines make records. A line is given by its first 256 bytes, as Latin-1. */
export interface LineRule {
  /** True for a line of the header; asked for each line up to the first that is none. */
  isHeader?(line: string): boolean;
  /** True when a line that is not blank begins a record; asked for each of them. */
  starts(line: string, afterBlank: boolean): boolean;
  /** Hears all bytes, once it was asked about their line. */
  hear?(bytes: Uint8Array): void;
}

/**
 * Creates a scanner whose records are lines and what belongs to them: a record ends where the next
 * one starts. A header of at most `headerBytes` is no record. Needs the chunks of `lineChunks`.
 */
export function lineRecords(rule: LineRule, headerBytes: number): RecordScanner {
  let inHeader = rule.isHeader !== undefined;
  let preamble = 0;
  let seen = false;
  let afterBlank = true;
  let atLineStart = true;
  let isFirst = true;
  /** True after a record has ended before a line that is not taken yet. */
  let isAsked = false;

  return { started: () => seen, preamble: () => preamble, next };

  function next(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length;) {
      if (atLineStart && startsRecord(chunk, at)) return at;
      const feed = chunk.indexOf(LF, at);
      const end = feed < 0 ? chunk.length : feed + 1;
      if (inHeader) preamble += end - at;
      rule.hear?.(chunk.subarray(at, end));
      atLineStart = feed >= 0;
      at = end;
    }
    return -1;
  }

  /** True when a record ends before a line; else the line is taken. */
  function startsRecord(chunk: Uint8Array, at: number): boolean {
    const line = lineAt(chunk, at);
    const isBlank = line.trim() === "";
    if (!isBlank && !isAsked && rule.starts(line, afterBlank) && seen) {
      seen = false;
      isAsked = true;
      return true;
    }
    isAsked = false;
    inHeader &&= rule.isHeader?.(line) === true && preamble < headerBytes;
    seen ||= !isBlank && !inHeader;
    afterBlank = isBlank;
    isFirst = false;
    return false;
  }

  function lineAt(chunk: Uint8Array, at: number): string {
    const feed = chunk.indexOf(LF, at);
    const end = Math.min(feed < 0 ? chunk.length : feed, at + LOOKED_AT_BYTES);
    const last = chunk[end - 1] === CR ? end - 1 : end;
    const line = Buffer.from(chunk.buffer, chunk.byteOffset + at, Math.max(0, last - at));
    return line.toString("latin1").replace(isFirst ? /^\u00ef\u00bb\u00bf/ : "", "");
  }
}

/** Yields the same bytes in chunks that never end within the first 256 bytes of a line. */
export async function* lineChunks(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  let held: Uint8Array = NOTHING;
  for await (const chunk of chunks) {
    const all = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const lineStart = all.lastIndexOf(LF) + 1;
    const end = all.length - lineStart < LOOKED_AT_BYTES ? lineStart : all.length;
    held = all.subarray(end);
    if (end > 0) yield all.subarray(0, end);
  }
  if (held.length > 0) yield held;
}
