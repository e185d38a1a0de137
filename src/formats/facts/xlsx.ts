import { buffer } from "node:stream/consumers";
import { inflateRawSync } from "node:zlib";
import { Failure } from "../../errors.ts";
import type { Source } from "../../lib/source.ts";
import { openZip } from "../zip/reader.ts";
import type { Facts } from "./facts.ts";

const WORKBOOK = "xl/workbook.xml";
const MAX_BYTES = 1024 * 1024;
/**
 * Entries that are searched for the workbook's parts: it names them early, so a file with more is
 * something else.
 */
const MAX_ENTRIES = 10_000;
const DEFLATED = 8;

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

/** True for a spreadsheet, by its name. */
export function isXlsx(_head: Uint8Array, name: string): boolean {
  return /\.xls[xm]$/i.test(name);
}

/** The names of a spreadsheet's sheets, in order (ECMA-376, part 1, 18.2.19). */
export async function xlsxFacts(read: NonNullable<Source["slice"]>, size: number): Promise<Facts> {
  const archive = await openZip(read, size);
  let seen = 0;
  for await (const entry of archive.entries()) {
    if ((seen += 1) > MAX_ENTRIES) break;
    if (entry.name !== WORKBOOK) continue;
    if (entry.stored > MAX_BYTES) break;
    const stored = await buffer(archive.stored(entry));
    const isDeflated = entry.method === DEFLATED;
    const xml = isDeflated ? inflateRawSync(stored, { maxOutputLength: MAX_BYTES }) : stored;
    return { sheets: sheetsIn(Buffer.from(xml).toString("utf8")) };
  }
  throw new Failure("FORMAT_INVALID", `it has no ${WORKBOOK}`);
}

function sheetsIn(workbook: string): string[] {
  const sheets = workbook.matchAll(/<(?:\w+:)?sheet\s[^>]*?\bname="([^"]*)"/g);
  return Array.from(sheets, ([, name]) =>
    (name as string).replace(/&(#x[\da-f]+|#\d+|\w+);/gi, (all, entity: string) => {
      if (!entity.startsWith("#")) return entities[entity] ?? all;
      const code = Number(entity.replace(/^#x/i, "0x").replace(/^#/, ""));
      return code <= 0x10ffff ? String.fromCodePoint(code) : all;
    }),
  );
}
