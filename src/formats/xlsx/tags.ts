/** A tag of an XML document (XML 1.0, 3.1). */
export interface Tag {
  /** Its name as it is written. */
  readonly name: string;
  /** Its name without a prefix. */
  readonly local: string;
  readonly kind: "open" | "close" | "empty";
  /** Place of its `<`. */
  readonly start: number;
  /** Place after its `>`. */
  readonly end: number;
}

const ATTRIBUTE = /\s([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const NAME_END = /[\s/>]/g;

/** Sections that are no tags, by their beginning, and what ends them. */
const sections: readonly (readonly [start: string, end: string])[] = [
  ["<!--", "-->"],
  ["<![CDATA[", "]]>"],
  ["<?", "?>"],
];

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

/**
 * Yields the tags of a text from `from` on, without a look at their order; returns the place of the
 * first that has no end yet, else the text's end. The text may have a character for each byte.
 */
export function* tagsIn(text: string, from = 0): Generator<Tag, number, void> {
  for (let at = from; ;) {
    const start = text.indexOf("<", at);
    if (start < 0) return text.length;
    const section = sections.find(([mark]) => text.startsWith(mark, start));
    const end = section === undefined ? tagEnd(text, start) : sectionEnd(text, start, section);
    if (end < 0) return start;
    if (section === undefined && text[start + 1] !== "!") yield tagAt(text, start, end);
    at = end;
  }
}

function sectionEnd(text: string, start: number, [mark, close]: readonly [string, string]): number {
  const end = text.indexOf(close, start + mark.length);
  return end < 0 ? end : end + close.length;
}

/** The place after the `>` that is not inside of quotes, or -1. */
function tagEnd(text: string, start: number): number {
  let quote = 0;
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quote !== 0) {
      if (code === quote) quote = 0;
    } else if (code === 0x3e) return at + 1;
    else if (code === 0x22 || code === 0x27) quote = code;
  }
  return -1;
}

function tagAt(text: string, start: number, end: number): Tag {
  const isClose = text[start + 1] === "/";
  NAME_END.lastIndex = start + (isClose ? 2 : 1);
  const nameEnd = NAME_END.exec(text)?.index ?? end;
  const name = text.slice(start + (isClose ? 2 : 1), nameEnd);
  const isEmpty = text[end - 2] === "/";
  const kind = isClose ? "close" : isEmpty ? "empty" : "open";
  return { name, local: name.slice(name.indexOf(":") + 1), kind, start, end };
}

/** The value of an attribute, by its name without a prefix, as it is written. */
export function attributeOf(text: string, { start, end }: Tag, name: string): string | undefined {
  for (const [, found = "", double, single] of text.slice(start, end).matchAll(ATTRIBUTE)) {
    if (found.slice(found.indexOf(":") + 1) === name) return double ?? single;
  }
  return undefined;
}

const CLOSE = /\s*<\/[^<>]*>/y;

/** The place after an element without content whose first tag this is. */
export function elementEnd(text: string, { kind, end }: Tag): number {
  CLOSE.lastIndex = end;
  return kind === "open" && CLOSE.test(text) ? CLOSE.lastIndex : end;
}

/** Text with its references to characters resolved; those to entities of a document stay. */
export function unescapeXml(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(#x[\da-f]+|#\d+|\w+);/gi, (all, entity: string) => {
    if (!entity.startsWith("#")) return entities[entity] ?? all;
    const code = Number(entity.replace(/^#x/i, "0x").replace(/^#/, ""));
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

/** A place in a text and what stands there instead. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text with its edits, which are in order and do not overlap. */
export function edited(text: string, edits: readonly Edit[]): string {
  let at = 0;
  const parts: string[] = [];
  for (const { start, end, text: instead } of edits) {
    parts.push(text.slice(at, start), instead);
    at = end;
  }
  return parts.join("") + text.slice(at);
}

/** The edits that leave out all elements of some names (without prefixes), with what is in them. */
export function withoutElements(text: string, names: ReadonlySet<string>): Edit[] {
  const edits: Edit[] = [];
  let open: Tag | undefined;
  for (const tag of tagsIn(text)) {
    if (open !== undefined) {
      if (tag.kind !== "close" || tag.name !== open.name) continue;
      edits.push({ start: open.start, end: tag.end, text: "" });
      open = undefined;
    } else if (names.has(tag.local)) {
      if (tag.kind === "open") open = tag;
      if (tag.kind === "empty") edits.push({ start: tag.start, end: tag.end, text: "" });
    }
  }
  return edits;
}
