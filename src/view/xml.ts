import { xmlTokenizer } from "../formats/xml/tokens.ts";
import { encodingFacts, textOf } from "../decode/text-of.ts";
import { recordsTable } from "./records.ts";
import { viewText } from "./text.ts";
import type { Viewer } from "./viewer.ts";

/** An element of a sample. */
interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

/** Levels of nesting that are looked at. */
const MAX_DEPTH = 100;

const entities: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

/**
 * XML: the children of one name that are the most in one parent are a table, with columns for
 * attributes (`@id`) and for what is in them. Text that is not XML is shown as text.
 */
export const viewXml: Viewer = (request) => {
  const { bytes, rows, counted } = request;
  const decoded = textOf(bytes);
  const root = rootOf(Buffer.from(decoded.text));
  if (root === undefined) return viewText(request);
  const { path, records } = mostAlike(root);
  const table = recordsTable({
    title: path,
    values: records.map((record) => valueOf(record)),
    rows,
    counted,
  });
  return { facts: encodingFacts(decoded), tables: [table], warnings: decoded.warnings };
};

/** The document, with the root element as its child; undefined where it is not XML. */
function rootOf(text: Buffer): Element | undefined {
  const document: Element = { name: "", attributes: {}, children: [], text: "" };
  const open = [document];
  let from = 0;
  let isXml = true;
  const hearText = (end: number) => {
    const last = open.at(-1) as Element;
    last.text += contentOf(text.toString("utf8", from, end));
  };
  const tokenizer = xmlTokenizer(
    {
      text: () => false,
      fault: () => void (isXml = false),
      start(name, tag, isEmpty) {
        hearText(tag.start);
        from = tag.end;
        const attributes = attributesOf(text.toString("utf8", tag.start, tag.end));
        const element = { name: utf8Of(name), attributes, children: [], text: "" };
        open.at(-1)?.children.push(element);
        if (!isEmpty) open.push(element);
        return false;
      },
      end(_name, tag) {
        hearText(tag.start);
        from = tag.end;
        isXml &&= open.length > 1;
        open.pop();
        return !isXml;
      },
    },
    0,
  );
  tokenizer.feed(text);
  return isXml && open.length === 1 && document.children.length > 0 ? document : undefined;
}

/** The largest group of children of one name in one parent, the first of equal ones. */
function mostAlike(document: Element): { readonly path: string; readonly records: Element[] } {
  let path = "";
  let records: Element[] = [];
  const left: (readonly [Element, string, number])[] = [[document, "", 0]];
  for (const [element, place, depth] of left) {
    if (depth === MAX_DEPTH) continue;
    for (const [name, group] of Map.groupBy(element.children, (child) => child.name)) {
      const here = `${place}/${name}`;
      if (group.length > records.length) [path, records] = [here, group];
      for (const child of group) left.push([child, here, depth + 1]);
    }
  }
  return { path, records };
}

/** An element as a value: its text where there is nothing else. */
function valueOf({ attributes, children, text }: Element, depth = 0): unknown {
  const entries: [string, unknown][] = Object.entries(attributes).map(([name, value]) => [
    `@${name}`,
    value,
  ]);
  const inner = depth < MAX_DEPTH ? children : [];
  for (const [name, group] of Map.groupBy(inner, (child) => child.name)) {
    const values = group.map((child) => valueOf(child, depth + 1));
    entries.push([name, values.length === 1 ? values[0] : values]);
  }
  const content = text.trim();
  if (entries.length === 0) return content;
  return Object.fromEntries(content === "" ? entries : [...entries, ["#text", content]]);
}

function attributesOf(tag: string): Record<string, string> {
  const found = tag.matchAll(/([^\s=<]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  return Object.fromEntries(
    Array.from(found, ([, name = "", double, single]) => [name, unescaped(double ?? single ?? "")]),
  );
}

/** Character data between two tags: without comments and instructions, CDATA as it is. */
function contentOf(markup: string): string {
  const parts = markup.matchAll(/<!\[CDATA\[([^]*?)\]\]>|<!--[^]*?-->|<[?!][^]*?>|[^<]+/g);
  return Array.from(parts, ([part, data]) =>
    part.startsWith("<") ? (data ?? "") : unescaped(part),
  ).join("");
}

/** Resolves the entities that XML has by itself, and no other. */
function unescaped(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[name as string] ?? whole;
    const code = decimal === undefined ? parseInt(hex as string, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function utf8Of(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString("utf8");
}
