import { NoSample } from "../../errors.ts";
import type { Limits } from "../../lib/limits.ts";
import type { Cut } from "../../lib/records.ts";
import { type Span, xmlTokenizer } from "./tokens.ts";

/** Finds the part of an XML text, fed in chunks, that is its sample. */
export interface XmlCutter {
  /**
   * Scans a chunk; returns true when no more input is needed.
   * @throws NoSample when the first element does not end within `recordBytes`
   */
  feed(chunk: Uint8Array): boolean;
  /** Returns what is kept, once all was fed that is there or needed. */
  finish(): XmlKept;
  /** The offset up to which the text is certain to be kept; -1 while nothing is. */
  safe(): number;
}

/** The part that a cutter kept. */
export interface XmlKept {
  /** Children of one name in one parent, the most that are kept. */
  readonly rows: number;
  readonly cut?: Cut;
  /** The reason why the text is not XML from some place on. */
  readonly fault?: string;
  /** The end tags, as Latin-1, of what is open where the sample ends; none where all is kept. */
  readonly closers: string;
}

/** An open element. */
interface Open {
  readonly name: string;
  /** Its children so far, by name. */
  readonly children: Map<string, number>;
}

/**
 * Creates a cutter. A *safe point* is an offset after an end tag: the text can end there once what is
 * open is closed. It ends at the last one before a parent gets more children of one name than `rows`,
 * or before it is larger than `bytes`.
 */
export function xmlCutter(
  limits: Pick<Limits, "rows" | "bytes" | "recordBytes">,
  bom: number,
): XmlCutter {
  /** Open elements, below the document. */
  const stack: Open[] = [{ name: "", children: new Map() }];
  let scanned = 0;
  let closerBytes = 0;
  let most = 0;
  let safe = -1;
  /** Length of the sample that ends at the safe point, elements open there, and its rows. */
  let total = 0;
  let safeDepth = 0;
  let rows = 0;
  let cut: Cut | undefined;
  let fault: string | undefined;
  const tokenizer = xmlTokenizer({ start, end, text, fault: stopAt }, bom);

  return { feed, finish, safe: () => safe };

  function feed(chunk: Uint8Array): boolean {
    scanned += chunk.length;
    return tokenizer.feed(chunk) || isBeyond(scanned);
  }

  function finish(): XmlKept {
    if (cut === undefined) fault ??= tokenizer.unfinished() ?? whyUnfinished();
    if (cut === undefined && fault === undefined) return { rows: most, closers: "" };
    const open = stack.slice(1, safeDepth).map(({ name }) => endTag(name));
    const closers = open.toReversed().join("");
    const why = cut === undefined ? { fault: fault as string } : { cut };
    return { rows, closers, ...why };
  }

  function whyUnfinished(): string | undefined {
    const { name, children } = stack.at(-1) as Open;
    if (stack.length > 1) return `it ends within ${name}`;
    return children.size === 0 ? "it has no element" : undefined;
  }

  function start(name: string, tag: Span, isEmpty: boolean): boolean {
    if (isBeyond(tag.end - 1)) return true;
    const { children } = stack.at(-1) as Open;
    if (stack.length === 1 && children.size > 0) return stopAt("a second root", tag.start);
    const count = (children.get(name) ?? 0) + 1;
    if (count > limits.rows) {
      cut = "rows";
      return true;
    }
    children.set(name, count);
    most = Math.max(most, count);
    if (isEmpty) return safePoint(tag.end);
    stack.push({ name, children: new Map() });
    closerBytes += endTag(name).length;
    return false;
  }

  function end(name: string, tag: Span): boolean {
    if (isBeyond(tag.end - 1)) return true;
    const { name: open } = stack.at(-1) as Open;
    if (stack.length === 1 || name !== open) return stopAt(`${name} is not open`, tag.start);
    closerBytes -= endTag(name).length;
    if (safe >= 0 && tag.end + closerBytes > bound()) {
      cut = "bytes";
      return true;
    }
    stack.pop();
    return safePoint(tag.end);
  }

  function text(at: number): boolean {
    return stack.length === 1 && stopAt("text outside of the root", at);
  }

  /** Notes that the sample may end at `at`, or ends it before, where that would be too long. */
  function safePoint(at: number): boolean {
    if (safe >= 0 && at + closerBytes > bound()) {
      cut = "bytes";
      return true;
    }
    safe = at;
    total = at + closerBytes;
    safeDepth = stack.length;
    rows = most;
    return false;
  }

  function stopAt(reason: string, at: number): boolean {
    if (!isBeyond(at)) fault = `${reason}, at offset ${at}`;
    return true;
  }

  /** The length beyond which nothing more is kept; what closes the last safe point is within it. */
  function bound(): number {
    return safe < 0 ? limits.recordBytes : Math.max(limits.bytes, total);
  }

  function isBeyond(length: number): boolean {
    if (length <= bound()) return false;
    if (safe < 0) throw new NoSample(`an element is larger than ${limits.recordBytes} bytes`);
    cut = "bytes";
    return true;
  }
}

function endTag(name: string): string {
  return `</${name}>`;
}
