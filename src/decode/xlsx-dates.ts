import { attributeOf, tagsIn } from "../formats/xlsx/tags.ts";
import { textOf } from "../formats/xlsx/package.ts";

/** Formats that are dates or times without saying so (ECMA-376 part 1, 18.8.30). */
const BUILT_IN_DATE = /^(?:1[4-7]|22|2[7-9]|3[0-6]|5[0-8])$/;
const BUILT_IN_TIME = /^(?:18|19|20|21|45|46|47)$/;
const DAY_MS = 86_400_000;
/** Days from the first day of each system to the beginning of 1970. */
const DAYS_1900 = 25_569;
const DAYS_1904 = 24_107;
/** The day before which the 1900 system, which has a 29 February 1900, is a day behind. */
const AFTER_LEAP_DAY = 60;

/** The formats of cells with numbers. */
export interface CellFormats {
  /** By the number of a cell's style; undefined for a number that is one. */
  readonly kinds: readonly ("date" | "time" | undefined)[];
  readonly is1904: boolean;
}

/** Reads which styles are dates, from the text of a workbook's styles. */
export function formatsIn(styles: string, is1904: boolean): CellFormats {
  const codes = new Map<string, string>();
  const kinds: ("date" | "time" | undefined)[] = [];
  let isIn = false;
  for (const tag of tagsIn(styles)) {
    const value = (name: string) => textOf(attributeOf(styles, tag, name) ?? "");
    if (tag.local === "cellXfs") isIn = tag.kind === "open";
    if (tag.kind === "close") continue;
    if (tag.local === "numFmt") codes.set(value("numFmtId"), value("formatCode"));
    if (!isIn || tag.local !== "xf") continue;
    kinds.push(kindOf(value("numFmtId"), codes));
  }
  return { kinds, is1904 };
}

/** A format's kind, by the letters in its code that are not quoted. */
function kindOf(id: string, codes: ReadonlyMap<string, string>): "date" | "time" | undefined {
  const code = codes.get(id)?.replace(/"[^"]*"|\\.|_.|\[(?![hms]+\])[^\]]*\]/gi, "");
  if (code === undefined ? BUILT_IN_DATE.test(id) : /[yd]|^m+$/i.test(code)) return "date";
  return (code === undefined ? BUILT_IN_TIME.test(id) : /[hms]/i.test(code)) ? "time" : undefined;
}

/** A number as the date or time that its style makes of it; undefined where it makes none. */
export function dateCell(
  days: number,
  style: number,
  { kinds, is1904 }: CellFormats,
): { readonly text: string; readonly kind: string } | undefined {
  const kind = kinds[style];
  if (kind === undefined || !(days >= 0)) return undefined;
  const shift = is1904 ? -DAYS_1904 : (days < AFTER_LEAP_DAY ? 1 : 0) - DAYS_1900;
  const time = new Date(Math.round((days + shift) * DAY_MS));
  if (Number.isNaN(time.getTime())) return undefined;
  const text = time.toISOString().replace(/(?:\.000)?Z$/, "");
  if (kind === "time" && days < 1) return { text: text.slice(11), kind: "text" };
  if (Number.isInteger(days)) return { text: text.slice(0, 10), kind: "date" };
  return { text, kind: "timestamp" };
}
