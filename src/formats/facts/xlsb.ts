import type { Source } from "../../lib/source.ts";
import {
  invalid,
  latin1,
  openPackage,
  type Package,
  partData,
  partText,
  relationshipsIn,
  relationshipsPart,
} from "../xlsx/package.ts";
import type { Facts, TableFacts } from "./facts.ts";

const WORKBOOK = "xl/workbook.bin";
const LIMITS = { ratio: 1000 };
/** Records by their number ([MS-XLSB], 2.3): a sheet of the workbook, the range that a sheet uses. */
const SHEET = 156;
const DIMENSION = 148;
/** Sheets of which the sizes are read, at most. */
const MAX_SHEETS = 100;
const START_BYTES = 16 * 1024;

/** True for a spreadsheet in Office's binary format, by its name. */
export function isXlsb(_head: Uint8Array, name: string): boolean {
  return /\.xlsb$/i.test(name);
}

/** The sheets of a binary spreadsheet, with the ranges that they say they use. */
export async function xlsbFacts(read: NonNullable<Source["slice"]>, size: number): Promise<Facts> {
  const document = await openPackage(read, size);
  const [workbook, rels] = [
    await partText(document, WORKBOOK, LIMITS),
    await partText(document, relationshipsPart(WORKBOOK), LIMITS),
  ];
  if (workbook === undefined || rels === undefined) throw invalid(`it has no ${WORKBOOK}`);
  const targets = new Map(relationshipsIn(rels, WORKBOOK).map(({ id, target }) => [id, target]));
  const tables: TableFacts[] = [];
  for (const { type, bytes } of recordsIn(Buffer.from(workbook, "latin1"))) {
    if (type !== SHEET || tables.length >= MAX_SHEETS) continue;
    const id = wideText(bytes, 8);
    const name = wideText(bytes, id.end).text;
    tables.push({ name, ...(await sizeOf(document, targets.get(id.text) ?? "")) });
  }
  return { sheets: tables.map(({ name }) => name), tables };
}

/** Rows and columns up to the last that a sheet says it uses. */
async function sizeOf(
  document: Package,
  part: string,
): Promise<Pick<TableFacts, "rows" | "columns">> {
  const entry = document.parts.get(part);
  if (entry === undefined) return {};
  let start = "";
  for await (const chunk of partData(document, entry, LIMITS)) {
    start += latin1(chunk);
    if (start.length > START_BYTES) break;
  }
  for (const { type, bytes } of recordsIn(Buffer.from(start, "latin1"))) {
    if (type !== DIMENSION) continue;
    return { rows: bytes.readUInt32LE(4) + 1, columns: bytes.readUInt32LE(12) + 1 };
  }
  return {};
}

/** Records, each with its number and length in front of it; one that is cut off is left out. */
function* recordsIn(bytes: Buffer): Generator<{ readonly type: number; readonly bytes: Buffer }> {
  for (let at = 0; at < bytes.length;) {
    const type = varintAt(bytes, at, 2);
    const length = varintAt(bytes, type.end, 4);
    at = length.end + length.value;
    if (at > bytes.length) return;
    yield { type: type.value, bytes: bytes.subarray(length.end, at) };
  }
}

function varintAt(bytes: Buffer, start: number, most: number): { value: number; end: number } {
  let value = 0;
  let at = start;
  for (let shift = 0; at < start + most; shift += 7) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    at += 1;
    if (byte < 0x80) break;
  }
  return { value, end: at };
}

/** A text in UTF-16 with its length in front of it. */
function wideText(bytes: Buffer, at: number): { readonly text: string; readonly end: number } {
  const length = bytes.readUInt32LE(at);
  const end = length === 0xffffffff ? at + 4 : at + 4 + length * 2;
  return { text: bytes.toString("utf16le", at + 4, end), end };
}
