import { openPackage, partData, partText, textOf } from "../formats/xlsx/package.ts";
import { type Row, readSheet } from "../formats/xlsx/sheet.ts";
import { readStrings } from "../formats/xlsx/strings.ts";
import { attributeOf, type Tag, tagsIn } from "../formats/xlsx/tags.ts";
import { readWorkbook } from "../formats/xlsx/workbook.ts";
import type { ZipEntry } from "../formats/zip/reader.ts";
import type { Limits } from "../lib/limits.ts";
import { type CellFormats, dateCell, formatsIn } from "./xlsx-dates.ts";

/** Columns that a sheet has at most. */
const MAX_COLUMNS = 16_384;

/** A value of a cell: text as it is shown, and its kind in the words of a table's columns. */
export interface SheetCell {
  readonly text: string;
  readonly kind: string;
}

/** A sheet: its rows with values, each with its cells by the numbers of their columns, from 0 on. */
export interface DecodedSheet {
  readonly name: string;
  readonly rows: readonly ReadonlyMap<number, SheetCell>[];
}

/**
 * Decodes the sheets of a sample, up to the limits.
 * @throws NoSample, Failure FORMAT_INVALID, LIMIT_EXCEEDED, or what zlib throws
 */
export async function decodeSheets(
  bytes: Uint8Array,
  limits: Limits,
  signal: AbortSignal,
): Promise<readonly DecodedSheet[]> {
  const slice = async (start: number, end: number) => bytes.subarray(start, end);
  const document = await openPackage(slice, bytes.length);
  const workbook = await readWorkbook(document, limits);
  const data = (part: string) => partData(document, document.parts.get(part) as ZipEntry, limits);
  const sheets: { readonly name: string; readonly rows: readonly Row[] }[] = [];
  for (const { name, part, hasRows } of workbook.sheets) {
    if (!hasRows) continue;
    const { rows } = await readSheet(data(part), { ...limits, needsRow: false }, signal);
    sheets.push({ name, rows: rows.filter(({ hasValues }) => hasValues) });
  }
  const wanted = new Set(sheets.flatMap(({ rows }) => rows.flatMap(({ strings }) => strings)));
  const used =
    workbook.strings === undefined
      ? new Map<number, string>()
      : (await readStrings(data(workbook.strings), wanted, limits)).used;
  const formats = formatsIn(
    (workbook.styles === undefined
      ? undefined
      : await partText(document, workbook.styles, limits)) ?? "",
    workbook.is1904,
  );
  return sheets.map(({ name, rows }) => ({
    name,
    rows: rows.map((row) => cellsOf(row, used, formats)),
  }));
}

function cellsOf(
  { text }: Row,
  strings: ReadonlyMap<number, string>,
  formats: CellFormats,
): Map<number, SheetCell> {
  const cells = new Map<number, SheetCell>();
  let open: Tag | undefined;
  let column = -1;
  for (const tag of tagsIn(text)) {
    if (tag.local !== "c") continue;
    if (tag.kind !== "close") {
      column = columnOf(attributeOf(text, tag, "r")) ?? column + 1;
      open = tag;
    }
    if (tag.kind === "open" || open === undefined || column >= MAX_COLUMNS) continue;
    const cell = cellOf(text, open, text.slice(open.end, tag.start), { strings, formats });
    if (cell !== undefined) cells.set(column, cell);
  }
  return cells;
}

/** The number of a column, from 0 on, of a reference such as `AB12`. */
function columnOf(reference: string | undefined): number | undefined {
  const letters = /^[A-Z]{1,3}/i.exec(reference ?? "")?.[0].toUpperCase();
  if (letters === undefined) return undefined;
  return Array.from(letters).reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

/** The letters of a column, by its number from 0 on. */
export function columnLetters(column: number): string {
  const last = String.fromCharCode(65 + (column % 26));
  return column < 26 ? last : columnLetters(Math.floor(column / 26) - 1) + last;
}

/** The value of a cell, by its type (ECMA-376 part 1, 18.18.11); undefined where it is empty. */
function cellOf(
  row: string,
  tag: Tag,
  content: string,
  book: { readonly strings: ReadonlyMap<number, string>; readonly formats: CellFormats },
): SheetCell | undefined {
  const type = attributeOf(row, tag, "t") ?? "n";
  if (type === "inlineStr") return { text: stringOf(content), kind: "text" };
  const value = elementText(content, "v");
  if (value === undefined) return undefined;
  if (type === "s") return { text: stringOf(book.strings.get(Number(value)) ?? ""), kind: "text" };
  if (type === "b") return { text: value === "1" ? "true" : "false", kind: "boolean" };
  if (type === "d") return { text: value, kind: value.length > 10 ? "timestamp" : "date" };
  if (type !== "n") return { text: unescaped(value), kind: "text" };
  const number = Number(value);
  const style = Number(attributeOf(row, tag, "s") ?? 0);
  return dateCell(number, style, book.formats) ?? numberCell(value, number);
}

function numberCell(text: string, number: number): SheetCell {
  if (!Number.isFinite(number)) return { text, kind: "text" };
  return { text: String(number), kind: Number.isInteger(number) ? "integer" : "number" };
}

/** The text of a string: all of its runs, without what says how it is pronounced. */
function stringOf(xml: string): string {
  const parts: string[] = [];
  let spoken = 0;
  let start: number | undefined;
  for (const tag of tagsIn(xml)) {
    if (tag.local === "rPh") spoken += tag.kind === "open" ? 1 : -1;
    if (tag.local !== "t" || spoken > 0) continue;
    if (tag.kind === "open") start = tag.end;
    else if (start !== undefined) {
      parts.push(xml.slice(start, tag.start));
      start = undefined;
    }
  }
  return unescaped(parts.join(""));
}

function elementText(xml: string, name: string): string | undefined {
  let open: Tag | undefined;
  for (const tag of tagsIn(xml)) {
    if (tag.local !== name) continue;
    if (tag.kind === "open") open = tag;
    else if (open !== undefined) return xml.slice(open.end, tag.start).trim();
  }
  return undefined;
}

/** Text with its characters as they are, also those that XML cannot have: `_x000D_`. */
function unescaped(text: string): string {
  return textOf(text).replace(/_x([\dA-F]{4})_/gi, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
