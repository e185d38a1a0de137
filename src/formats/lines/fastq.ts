import type { LineRule } from "../../lib/line-records.ts";

const LF = 0x0a;
const CR = 0x0d;
const PLUS = 0x2b;

/**
 * Creates the rule of FASTQ: a line with `@`, the sequence, a line with `+`, and as much quality as
 * there is sequence; either may have several lines. Quality may begin with `@`.
 */
export function fastqRule(): LineRule {
  let part: "title" | "sequence" | "quality" = "title";
  let first = 0;
  let length = 0;
  let missing = 0;
  return { starts: () => part === "title", hear };

  function hear(bytes: Uint8Array): void {
    const hasEnd = bytes.at(-1) === LF;
    const end = bytes.length - (hasEnd ? 1 : 0) - (hasEnd && bytes.at(-2) === CR ? 1 : 0);
    if (length === 0) first = bytes[0] ?? 0;
    length += end;
    if (!hasEnd) return;
    endLine();
    length = 0;
  }

  function endLine(): void {
    if (part === "title") {
      if (length > 0) part = "sequence";
      missing = 0;
    } else if (part === "quality" || first !== PLUS) {
      missing += part === "quality" ? -length : length;
      if (part === "quality" && missing <= 0) part = "title";
    } else part = "quality";
  }
}
