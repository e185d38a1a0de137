import { NoSample } from "../../errors.ts";
import type { Limits } from "../../lib/limits.ts";
import type { ZipEntry } from "../zip/reader.ts";
import { type PackedMember, packMember } from "../zip/writer.ts";
import type { Fitting } from "./fit.ts";
import { type Package, partText, relationshipsPart } from "./package.ts";
import { cutSheet, type Sheet, wholeSheet } from "./sheet.ts";
import { type SharedStrings, writeStrings } from "./strings.ts";
import { edited, withoutElements } from "./tags.ts";
import { keptRelationships, type NamedSheet, type Workbook } from "./workbook.ts";

/** Bytes, as they are stored, of parts that are kept as they are, at most. */
const MAX_VERBATIM_BYTES = 8 * 1024 * 1024;
/** Elements of a sheet that lead to other parts (ECMA-376 part 1, 18.3.1.99), but for hyperlinks. */
const LEADING_ELSEWHERE = new Set(
  "customProperties customSheetViews pageSetup drawing legacyDrawing legacyDrawingHF drawingHF picture oleObjects controls tableParts extLst".split(
    " ",
  ),
);

/** A workbook, as far as a sample needs it. */
export interface Opened {
  readonly document: Package;
  readonly workbook: Workbook;
  /** Sheets in the order of `workbook.sheets`. */
  readonly sheets: readonly Sheet[];
  readonly strings: SharedStrings;
  readonly fitting: Fitting;
}

/** The parts of a sample. */
export interface Rewritten {
  readonly members: readonly PackedMember[];
  /** Names of parts that are left out. */
  readonly left: readonly string[];
  /** True where all parts are as they were. */
  readonly isSame: boolean;
}

/**
 * Makes the parts of a sample from those of a workbook.
 * @throws NoSample where those that are kept as they are are large or encrypted; what reading throws
 */
export async function rewriteAll(opened: Opened, limits: Limits): Promise<Rewritten> {
  const { document, workbook } = opened;
  const kept = new Set([...workbook.verbatim, ...workbook.sheets.map(({ part }) => part)]);
  const texts = new Map([...workbook.changed, ...changedSheets(opened)]);
  for (const part of wholeSheets(opened)) {
    const relsPart = relationshipsPart(part);
    const before = await partText(document, relsPart, limits);
    if (before === undefined) continue;
    // Hyperlinks lead outside of the package.
    const after = keptRelationships(before, part, new Set());
    kept.add(relsPart);
    if (after !== before) texts.set(relsPart, after);
  }
  const members: PackedMember[] = [];
  const left: string[] = [];
  let room = MAX_VERBATIM_BYTES;
  for (const [part, entry] of document.parts) {
    const text = texts.get(part);
    if (text !== undefined) {
      const bytes = Buffer.from(text, "latin1");
      members.push(packMember({ name: entry.name, mtime: entry.mtime, bytes, isDeflated: true }));
    } else if (kept.has(part)) {
      room -= entry.stored;
      if (room < 0) throw new NoSample(`parts of more than ${MAX_VERBATIM_BYTES} bytes`);
      members.push(await asStored(document, entry));
    } else left.push(part);
  }
  return { members, left, isSame: texts.size === 0 && left.length === 0 };
}

/** Sheets, and the strings that they share, with their texts, where these change. */
function changedSheets(opened: Opened): Map<string, string> {
  const { document, workbook, sheets, strings, fitting } = opened;
  const texts = new Map<string, string>();
  for (const [i, sheet] of sheets.entries()) {
    const { part, hasRows } = workbook.sheets[i] as NamedSheet;
    const count = fitting.rows[i] as number;
    if (!hasRows) texts.set(part, wholeSheet(sheet));
    else if (isCut(sheet, count)) texts.set(part, cutSheet(sheet, count));
    else if (document.parts.has(relationshipsPart(part))) {
      const before = wholeSheet(sheet);
      const after = edited(before, withoutElements(before, LEADING_ELSEWHERE));
      if (after !== before) texts.set(part, after);
    }
  }
  const { head, used } = strings;
  const isAnyCut = sheets.some((sheet, i) => isCut(sheet, fitting.rows[i] as number));
  if (isAnyCut && workbook.strings !== undefined && head !== undefined) {
    texts.set(workbook.strings, writeStrings(head, used, fitting.strings));
  }
  return texts;
}

/** Parts of sheets with rows of which nothing is cut. */
function wholeSheets({ workbook, sheets, fitting }: Opened): string[] {
  return workbook.sheets
    .filter(({ hasRows }, i) => hasRows && !isCut(sheets[i] as Sheet, fitting.rows[i] as number))
    .map(({ part }) => part);
}

/** True for a sheet that does not have all of its rows, and what follows them, in the sample. */
function isCut({ rows, ended }: Sheet, count: number): boolean {
  return ended !== undefined || count < rows.length;
}

/** A member whose data is copied as it is stored. */
async function asStored({ archive }: Package, entry: ZipEntry): Promise<PackedMember> {
  const { name, mtime, method, crc32, size, isEncrypted } = entry;
  if (isEncrypted) throw new NoSample("encrypted");
  const pieces: Uint8Array[] = [];
  for await (const piece of archive.stored(entry)) pieces.push(piece);
  return { name, mtime, method, crc32, size, stored: Buffer.concat(pieces) };
}
