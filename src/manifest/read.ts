import { isAscii } from "node:buffer";
import { Failure } from "../errors.ts";
import type { HeldDirectory } from "../lake/held-directory.ts";
import { type LineBlock, lineBlocks } from "../lib/line-blocks.ts";
import { pathBytes } from "../lib/pep383.ts";
import type { Checkpoint, Entry, RejectedLine } from "./types.ts";
import { MAX_LINE_BYTES, type ParsedLine, parseLine, plainEntryAt } from "./entry.ts";
import { type Decompress, hashBefore, openManifest, readFrom } from "./files.ts";
import { isCompressed } from "./generations.ts";
import { type Segment, startOf } from "./plan.ts";

const LF = 0x0a;

/** The entries of a few whole lines, and the checkpoint after them. */
export interface ReadBatch {
  readonly entries: readonly Entry[];
  /** The line that each of the entries stands on, from 1. */
  readonly lines: readonly number[];
  readonly rejected: readonly RejectedLine[];
  readonly checkpoint: Checkpoint;
  /** True when a bad end was left out: it may still be in the making. */
  readonly unsettled: boolean;
}

/** Options of `readSegment`. */
export interface Reading {
  /** True when a bad end, given its offset, is no longer waited for. */
  readonly isSettled: (offset: number) => boolean;
  readonly decompress: Decompress;
  /** Length above which a raw cannot be kept, bytes; any length can where it is undefined. */
  readonly longestRaw?: number | undefined;
}

/**
 * Reads the complete lines of a segment, in batches. A last line that is bad is left for later
 * until it is settled.
 * A compressed generation that is damaged counts as a bad line after what could be read; it may
 * still be written to, and is waited for like a bad last line.
 * @throws errno
 */
export async function* readSegment(
  directory: HeldDirectory,
  segment: Segment,
  { isSettled, decompress, longestRaw = Infinity }: Reading,
): AsyncGenerator<ReadBatch, void, void> {
  const { file, retiredAt } = segment;
  const handle = await openManifest(directory, file);
  let line = segment.line;
  try {
    const chunks = readFrom(handle, file, segment.offset, decompress);
    for await (const block of lineBlocks(chunks, segment.offset, MAX_LINE_BYTES)) {
      const parsed =
        block.bytes === undefined
          ? notKept(block, file.path, line)
          : parseBlock(block.bytes, file.path, { start: block.start, firstLine: line, longestRaw });
      const bad = parsed.badEnd;
      const isLast = bad !== undefined && !isCompressed(file) && block.end >= (await sizeNow());
      const waits = isLast && !isSettled(bad.offset);
      const end = waits ? bad.offset : block.end;
      line = waits ? bad.line - 1 : parsed.line;
      const hash = isCompressed(file) ? "" : await hashBefore(handle, end);
      yield {
        entries: waits && bad.hasEntry ? parsed.entries.slice(0, -1) : parsed.entries,
        lines: waits && bad.hasEntry ? parsed.lines.slice(0, -1) : parsed.lines,
        rejected: waits ? parsed.rejected.slice(0, -1) : parsed.rejected,
        checkpoint: { file: file.id, path: file.path, offset: end, line, hash, retiredAt },
        unsettled: waits,
      };
    }
  } catch (error) {
    const isDamage = error instanceof Failure && error.code === "FORMAT_INVALID";
    if (!isDamage) throw error;
    const unsettled = !isSettled(file.size);
    const rejected = [{ path: file.path, line, offset: 0, reason: error.message }];
    const checkpoint = startOf(segment);
    yield { entries: [], lines: [], rejected: unsettled ? [] : rejected, checkpoint, unsettled };
  } finally {
    await handle.close();
  }

  /** A file that was rewritten since it was looked at may be shorter than it was then. */
  async function sizeNow(): Promise<number> {
    return Math.min(file.size, (await handle.stat()).size);
  }
}

interface ParsedBlock {
  readonly entries: Entry[];
  readonly lines: number[];
  readonly rejected: RejectedLine[];
  /** Lines before the end of the block. */
  readonly line: number;
  /** The last line, if it was bad. */
  readonly badEnd?: RejectedLine & { readonly hasEntry: boolean };
}

/**
 * Rejects a block that was not kept: a line that is too long to be an entry, or NULs, which stand
 * before an entry and on its line.
 */
function notKept({ start, end, isHole }: LineBlock, path: string, before: number): ParsedBlock {
  const line = before + 1;
  const reason = isHole ? `${end - start} NULs` : `longer than ${MAX_LINE_BYTES} bytes`;
  const rejected = [{ path, line, offset: start, reason }];
  return { entries: [], lines: [], rejected, line: isHole ? before : line };
}

/** The beginning of a block in its file: bytes, and lines before it; and the limit of its entries. */
interface BlockStart {
  readonly start: number;
  readonly firstLine: number;
  readonly longestRaw: number;
}

function parseBlock(
  bytes: Uint8Array,
  path: string,
  { start, firstLine, longestRaw }: BlockStart,
): ParsedBlock {
  const lineAt = linesIn(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), start);
  const entries: Entry[] = [];
  const lines: number[] = [];
  const rejected: RejectedLine[] = [];
  let badEnd: ParsedBlock["badEnd"];
  let line = firstLine;
  for (let at = 0; at < bytes.length;) {
    const { end, parsed } = lineAt(at);
    const { entry, reason } = kept(parsed, longestRaw);
    line += 1;
    if (entry !== undefined) {
      entries.push(entry);
      lines.push(line);
    }
    badEnd = undefined;
    if (reason !== undefined) {
      const bad = { path, line, offset: start + at, reason };
      rejected.push(bad);
      badEnd = { ...bad, hasEntry: entry !== undefined };
    }
    at = end;
  }
  const parsed = { entries, lines, rejected, line };
  return badEnd === undefined ? parsed : { ...parsed, badEnd };
}

/** The same, or the reason why its entry cannot be kept. */
function kept(parsed: ParsedLine, longestRaw: number): ParsedLine {
  const { entry } = parsed;
  // UTF-8 has three bytes at most for what is one character in a string.
  if (entry === undefined || entry.raw.length * 3 <= longestRaw) return parsed;
  const bytes = Buffer.byteLength(pathBytes(entry.raw));
  if (bytes <= longestRaw) return parsed;
  return { reason: `raw has ${bytes} bytes: the database keeps ${longestRaw} at most` };
}

/** Parses the line that begins at an offset of the block; `end` is after its line feed. */
type LineAt = (at: number) => {
  readonly end: number;
  readonly parsed: ReturnType<typeof parseLine>;
};

/** Nearly all manifests are ASCII: those are decoded at once, and a character is a byte there. */
function linesIn(block: Buffer, start: number): LineAt {
  if (isAscii(block)) {
    const text = block.toString("latin1");
    return (at) => {
      const feed = text.indexOf("\n", at);
      const entry = plainEntryAt(text, at);
      return { end: feed + 1, parsed: entry ? { entry } : parseLine(text.slice(at, feed)) };
    };
  }
  return (at) => {
    const feed = block.indexOf(LF, at);
    return { end: feed + 1, parsed: parseBytes(block.subarray(at, feed), start + at === 0) };
  };
}

function parseBytes(bytes: Buffer, isFirst: boolean): ReturnType<typeof parseLine> {
  const text = bytes.toString("utf8");
  const isUtf8 = !text.includes("\ufffd") || Buffer.from(text).equals(bytes);
  if (!isUtf8) return parseBroken(text);
  return parseLine(isFirst ? text.replace(/^\ufeff/, "") : text);
}

/** Half a line can end within a character; the whole one that is glued to it is taken. */
function parseBroken(text: string): ReturnType<typeof parseLine> {
  const { entry } = parseLine(text.slice(text.lastIndexOf("\ufffd")));
  return entry === undefined
    ? { reason: "not UTF-8" }
    : { entry, reason: "glued lines: not UTF-8" };
}
