import { encodingOf } from "../../lib/encoding.ts";
import { lineScanner } from "../../lib/lines.ts";
import type { Borders, RecordText } from "./record-text.ts";

const LF = 0x0a;

/** A text of lines, for strategies: each line is a record. With `skipBlank`, blank ones do not count. */
export function textOfLines(
  head: Uint8Array,
  format: string,
  skipBlank: boolean,
  warnings: readonly string[] = [],
): RecordText {
  const encoding = encodingOf(head);
  return {
    format,
    headers: 0,
    warnings,
    scanner: (from) =>
      lineScanner(from === "start" ? encoding : { ...encoding, bom: 0 }, skipBlank),
    borders() {
      if (encoding.unitBytes > 1)
        return `its lines cannot be found from the middle of UTF-${8 * encoding.unitBytes}`;
      if (encoding.loneCr) return "its lines end with a lone CR";
      return lineBorders(head);
    },
  };
}

/** Borders of lines: after each line feed, which is no part of any other character. */
function lineBorders(head: Uint8Array): Borders {
  let longest = 0;
  for (let at = 0; at < head.length;) {
    const feed = head.indexOf(LF, at);
    const end = feed < 0 ? head.length : feed + 1;
    longest = Math.max(longest, end - at);
    at = end;
  }
  return {
    longest,
    find(bytes) {
      const border = bytes.indexOf(LF) + 1;
      return border === 0 || border === bytes.length ? undefined : border;
    },
  };
}
