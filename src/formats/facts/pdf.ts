import { cachedSlice } from "../../lib/blocks.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Source } from "../../lib/source.ts";
import type { Facts } from "./facts.ts";

type Read = NonNullable<Source["slice"]>;

/** Bytes at both ends that are searched, and of one dictionary. */
const SEARCHED_BYTES = 2048;
const DICTIONARY_BYTES = 4096;
/** Tables of a file that was changed, and sections of a table, at most. */
const MAX_TABLES = 20;
const MAX_SECTIONS = 1000;
/** Bytes of an entry of a table (ISO 32000-1, 7.5.4). */
const ENTRY_BYTES = 20;
/** More pages than that are none. */
const MAX_PAGES = 10_000_000;

/** A table of a PDF: places of objects by their numbers, and what it says of the file. */
interface Table {
  readonly trailer: string;
  /** Places of entries by the number of the first object. */
  readonly sections: readonly {
    readonly first: number;
    readonly count: number;
    readonly at: number;
  }[];
}

/** True for a PDF. */
export function isPdf(head: Uint8Array): boolean {
  return hasBytes(head, [0x25, 0x50, 0x44, 0x46, 0x2d]);
}

/**
 * The version of a PDF, that it is encrypted, and its pages where these can be told without
 * decompressing anything (ISO 32000-1, 7.5 and annex F).
 */
export async function pdfFacts(slice: Read, size: number): Promise<Facts> {
  const read = cachedSlice(slice);
  const head = await textAt(read, 0, SEARCHED_BYTES);
  const version = /^%PDF-(\d\.\d)/.exec(head)?.[1];
  const tables = await tablesOf(read, size);
  const newest = tables[0]?.trailer;
  const pages = linearPages(head, size) ?? (await pagesOf(read, tables));
  return {
    ...(version === undefined ? {} : { version }),
    ...(pages === undefined || pages > MAX_PAGES ? {} : { pages }),
    ...(newest === undefined ? {} : { encrypted: /\/Encrypt\b/.test(newest) }),
  };
}

/** The number of pages that a file for the web has in front, where nothing was added to it. */
function linearPages(head: string, size: number): number | undefined {
  const dictionary = /<<[^<>]*\/Linearized\b[^<>]*>>/.exec(head)?.[0] ?? "";
  const length = /\/L\s+(\d+)/.exec(dictionary)?.[1];
  const pages = /\/N\s+(\d+)/.exec(dictionary)?.[1];
  return pages === undefined || Number(length) !== size ? undefined : Number(pages);
}

/** The tables of a file, the newest first. */
async function tablesOf(read: Read, size: number): Promise<Table[]> {
  const tail = await textAt(read, Math.max(0, size - SEARCHED_BYTES), size);
  const tables: Table[] = [];
  let at = Number(/.*startxref\s+(\d+)/s.exec(tail)?.[1] ?? NaN);
  while (at < size && tables.length < MAX_TABLES) {
    const table = await tableAt(read, at);
    if (table === undefined) break;
    tables.push(table);
    at = Number(/\/Prev\s+(\d+)/.exec(table.trailer)?.[1] ?? NaN);
  }
  return tables;
}

/** A table, or the dictionary of a compressed one, which has no sections that can be read. */
async function tableAt(read: Read, start: number): Promise<Table | undefined> {
  const begin = await textAt(read, start, start + DICTIONARY_BYTES);
  if (/^\s*\d+\s+\d+\s+obj\b/.test(begin)) {
    const trailer = begin.split("stream", 1)[0] ?? "";
    return /\/XRef\b/.test(trailer) ? { trailer, sections: [] } : undefined;
  }
  const word = /^\s*xref\s+/.exec(begin)?.[0];
  if (word === undefined) return undefined;
  const sections: Table["sections"][number][] = [];
  let at = start + word.length;
  while (sections.length < MAX_SECTIONS) {
    const line = /^\s*(\d+)\s+(\d+)\s+/.exec(await textAt(read, at, at + 64));
    if (line === null) break;
    const [first, count] = [Number(line[1]), Number(line[2])];
    sections.push({ first, count, at: at + line[0].length });
    at += line[0].length + count * ENTRY_BYTES;
    if (!Number.isSafeInteger(at)) return undefined;
  }
  const trailer = await textAt(read, at, at + DICTIONARY_BYTES);
  return /^\s*trailer\b/.test(trailer)
    ? { trailer: trailer.split("startxref", 1)[0] ?? "", sections }
    : undefined;
}

/** The number of pages, from the catalog to the root of the tree of pages. */
async function pagesOf(read: Read, tables: readonly Table[]): Promise<number | undefined> {
  const catalog = await dictionary(/\/Root\s+(\d+)\s+\d+\s+R/.exec(tables[0]?.trailer ?? ""));
  const pages = await dictionary(/\/Pages\s+(\d+)\s+\d+\s+R/.exec(catalog ?? ""));
  const count = /\/Count\s+(\d+)/.exec(pages ?? "")?.[1];
  return count === undefined || !/\/Type\s*\/Pages\b/.test(pages ?? "") ? undefined : Number(count);

  async function dictionary(found: RegExpExecArray | null): Promise<string | undefined> {
    if (found === null) return undefined;
    const number = Number(found[1]);
    for (const { sections } of tables) {
      const section = sections.find(
        ({ first, count }) => number >= first && number < first + count,
      );
      if (section === undefined) continue;
      const entryAt = section.at + (number - section.first) * ENTRY_BYTES;
      const entry = /^(\d{10}) \d{5} n/.exec(await textAt(read, entryAt, entryAt + ENTRY_BYTES));
      if (entry === null) return undefined;
      const at = Number(entry[1]);
      const object = await textAt(read, at, at + DICTIONARY_BYTES);
      const own = new RegExp(`^\\s*${number}\\s+\\d+\\s+obj\\b`).test(object);
      return own ? object.split("endobj", 1)[0] : undefined;
    }
    return undefined;
  }
}

async function textAt(read: Read, start: number, end: number): Promise<string> {
  return Buffer.from(await read(start, end)).toString("latin1");
}
