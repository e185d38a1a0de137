const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const BANG = 0x21;
const QUESTION = 0x3f;
const DASH = 0x2d;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Bytes of a name, at most: longer ones are no XML that anybody wrote. */
const MAX_NAME_BYTES = 4096;

/** A hearer of the tokens of an XML text; offsets are the text's. True ends the scan. */
export interface TokenHearer {
  /** Called after a start tag, or the tag of an empty element. */
  start(name: string, tag: Span, isEmpty: boolean): boolean;
  /** Called after an end tag. */
  end(name: string, tag: Span): boolean;
  /** Called with character data that are not white space. */
  text(at: number): boolean;
  /** Called where the text cannot be XML, with the offset of the byte that shows it. */
  fault(reason: string, at: number): void;
}

/** Bytes `start` to `end` (exclusive). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Finds the tags of an XML text (W3C XML 1.0), fed in chunks of any length. */
export interface Tokenizer {
  /** Scans a chunk; returns true once the hearer has ended the scan. */
  feed(chunk: Uint8Array): boolean;
  /** The reason why the text cannot end here; undefined where it can. */
  unfinished(): string | undefined;
}

/** A state: takes the byte at an offset of a chunk, returns the offset to go on from. */
type State = (chunk: Uint8Array, at: number) => number;

/**
 * Creates a tokenizer. It follows tags, comments, CDATA, processing instructions and the DOCTYPE with
 * its quotes; entities are content. Any encoding will do that has ASCII for its markup. `bom` are the
 * bytes of the byte order mark.
 */
export function xmlTokenizer(hearer: TokenHearer, bom: number): Tokenizer {
  let state: State = text;
  /** Offset of the chunk in the text. */
  let offset = 0;
  let isOver = false;
  let isHeard = false;
  let tagStart = 0;
  let name = "";
  let isEnd = false;
  let before = 0;
  let quote = 0;
  /** Bytes after which a comment, CDATA or an instruction ends, and how many of them came last. */
  let closer: readonly number[] = [];
  let matched = 0;
  let back: State = text;
  let opening = "";
  let brackets = 0;

  return {
    feed(chunk) {
      let at = 0;
      while (at < chunk.length) {
        at = state(chunk, at);
        if (isOver) return true;
      }
      offset += chunk.length;
      return false;
    },
    unfinished: () => (state === text ? undefined : "it ends within a tag"),
  };

  function text(chunk: Uint8Array, from: number): number {
    const found = chunk.indexOf(LT, from);
    const end = found < 0 ? chunk.length : found;
    const ink = isHeard ? -1 : inkIn(chunk, Math.max(from, bom - offset), end);
    if (ink >= 0) {
      isHeard = true;
      if (hearer.text(offset + ink)) return over();
    }
    if (found < 0) return end;
    tagStart = offset + found;
    isHeard = false;
    state = tagOpened;
    return found + 1;
  }

  function tagOpened(chunk: Uint8Array, at: number): number {
    const byte = chunk[at] as number;
    name = "";
    isEnd = byte === SLASH;
    if (byte === QUESTION) return enter([QUESTION, GT], text, at + 1);
    if (byte === BANG) {
      opening = "";
      state = declaration;
      return at + 1;
    }
    state = tagName;
    return isEnd ? at + 1 : at;
  }

  function tagName(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length && isName(chunk[at] as number)) at += 1;
    name += String.fromCharCode(...chunk.subarray(from, Math.min(at, from + MAX_NAME_BYTES)));
    if (name.length >= MAX_NAME_BYTES) return fail("a name is too long", at - 1);
    if (at === chunk.length) return at;
    if (!/^[^\d\-.]/.test(name)) return fail("a tag has no name", at);
    before = 0;
    state = tagRest;
    return at;
  }

  function tagRest(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at] as number;
      if (byte === GT) return tagEnd(at + 1);
      if (byte === LT) return fail(`the tag of ${name} is not closed`, at);
      if (isEnd && byte > 0x20) return fail(`the end tag of ${name} is not closed`, at);
      before = byte;
      if (byte !== QUOTE && byte !== APOSTROPHE) continue;
      quote = byte;
      back = tagRest;
      state = quoted;
      return at + 1;
    }
    return chunk.length;
  }

  function tagEnd(end: number): number {
    const tag = { start: tagStart, end: offset + end };
    state = text;
    isOver = isEnd ? hearer.end(name, tag) : hearer.start(name, tag, before === SLASH);
    return end;
  }

  function quoted(chunk: Uint8Array, from: number): number {
    const found = chunk.indexOf(quote, from);
    if (found < 0) return chunk.length;
    before = quote;
    state = back;
    return found + 1;
  }

  function declaration(chunk: Uint8Array, at: number): number {
    opening += String.fromCharCode(chunk[at] as number);
    if (opening === "--") return enter([DASH, DASH, GT], text, at + 1);
    if (opening === "[CDATA[") {
      // Character data outside of elements are a fault, marked as such or not.
      if (hearer.text(tagStart)) return over();
      return enter([CLOSE_BRACKET, CLOSE_BRACKET, GT], text, at + 1);
    }
    if (opening === "DOCTYPE") {
      brackets = 0;
      state = doctype;
      return at + 1;
    }
    const isBegun = ["--", "[CDATA[", "DOCTYPE"].some((known) => known.startsWith(opening));
    return isBegun ? at + 1 : fail("an unknown declaration", at);
  }

  function doctype(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at] as number;
      if (byte === QUOTE || byte === APOSTROPHE) {
        quote = byte;
        back = doctype;
        state = quoted;
        return at + 1;
      }
      if (byte === OPEN_BRACKET) brackets += 1;
      else if (byte === CLOSE_BRACKET) brackets -= 1;
      else if (byte === LT) {
        state = subset;
        opening = "";
        return at + 1;
      } else if (byte === GT && brackets <= 0) {
        state = text;
        return at + 1;
      }
    }
    return chunk.length;
  }

  /** Takes what follows `<` in a DOCTYPE: comments and instructions may have odd quotes. */
  function subset(chunk: Uint8Array, at: number): number {
    opening += String.fromCharCode(chunk[at] as number);
    if (opening === "?") return enter([QUESTION, GT], doctype, at + 1);
    if (opening === "!--") return enter([DASH, DASH, GT], doctype, at + 1);
    if ("!--".startsWith(opening)) return at + 1;
    state = doctype;
    return at;
  }

  function enter(end: readonly number[], then: State, at: number): number {
    closer = end;
    back = then;
    matched = 0;
    state = untilCloser;
    return at;
  }

  function untilCloser(chunk: Uint8Array, from: number): number {
    const [first = 0] = closer;
    for (let at = from; at < chunk.length; at += 1) {
      if (matched === 0) {
        const found = chunk.indexOf(first, at);
        if (found < 0) return chunk.length;
        at = found;
      }
      const byte = chunk[at];
      if (byte === closer[matched]) matched += 1;
      // `--->` and `]]]>` end as well.
      else if (byte !== first) matched = 0;
      else if (matched < closer.length - 1) matched = 1;
      if (matched < closer.length) continue;
      state = back;
      return at + 1;
    }
    return chunk.length;
  }

  function fail(reason: string, at: number): number {
    hearer.fault(reason, offset + at);
    return over();
  }

  function over(): number {
    isOver = true;
    return 0;
  }
}

/** The place of the first byte that is not white space, or -1. */
function inkIn(chunk: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; at += 1) if ((chunk[at] as number) > 0x20) return at;
  return -1;
}

/** True for bytes of a name, roughly: what ends one, or cannot be in one, is not. */
function isName(byte: number): boolean {
  return (
    byte > 0x2c &&
    byte !== SLASH &&
    byte !== LT &&
    byte !== GT &&
    byte !== 0x3d &&
    byte !== QUESTION
  );
}
