import type { Content } from "./disk.ts";

/** One complete line of an imagined file, read the way the contract says. */
export interface Line {
  readonly text: string;
  /** Bytes before it. */
  readonly offset: number;
  /** Bytes up to and including its line feed. */
  readonly end: number;
  /** Set when it is an entry, or ends with one that half a line is glued to. */
  readonly entry?: { readonly raw: string; readonly mtime: number };
  /** True when it, or what is glued before its entry, has to be rejected. */
  readonly isBad: boolean;
}

const wholeEntry = /\{"mtime":(\d+),"raw":"([^"]*)","bronze":"[^"]*"\}$/;

/** The text of an entry, without its line feed. */
export function entryText(raw: string, mtime: number): string {
  return `{"mtime":${mtime},"raw":"${raw}","bronze":"bronze/any.csv"}`;
}

/**
 * The complete lines of a file. "The last line is taken only when its newline is there"; "where a
 * half line is glued to the next, the last whole object is taken and the rest rejected".
 */
export function linesOf({ bytes }: Pick<Content, "bytes">): Line[] {
  const lines: Line[] = [];
  for (let offset = 0; ;) {
    const feed = bytes.indexOf(0x0a, offset);
    if (feed < 0) return lines;
    lines.push(lineOf(bytes.toString("utf8", offset, feed), offset, feed + 1));
    offset = feed + 1;
  }
}

function lineOf(text: string, offset: number, end: number): Line {
  const [whole, mtime, raw] = wholeEntry.exec(text) ?? [];
  if (whole === undefined || raw === undefined) {
    return { text, offset, end, isBad: text.trim() !== "" };
  }
  const isGlued = text.slice(0, -whole.length).trim() !== "";
  return { text, offset, end, entry: { raw, mtime: Number(mtime) }, isBad: isGlued };
}
