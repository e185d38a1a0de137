import type { Source } from "../../lib/source.ts";
import type { Facts, TableFacts } from "./facts.ts";
import { isOle, type OleStream, openOleStream } from "./ole.ts";

/** Records by their number ([MS-XLS] 2.3.2). */
const END = 0x0a;
const ENCRYPTED = 0x2f;
const SHEET = 0x85;
const DIMENSIONS = 0x200;
const START = 0x809;
/** The version of Excel 97 and later, in the record that begins a stream. */
const BIFF8 = 0x600;
/** Records that are passed over in search of those, at most. */
const MAX_RECORDS = 10_000;
const MAX_SHEETS = 100;
const MAX_RECORD_BYTES = 8224;

/** True for a spreadsheet of Excel before 2007, by its name. */
export function isXls(head: Uint8Array, name: string): boolean {
  return /\.xls$/i.test(name) && isOle(head);
}

/** The sheets of a spreadsheet of Excel 97 to 2003, with the ranges that they say they use. */
export async function xlsFacts(read: NonNullable<Source["slice"]>): Promise<Facts> {
  const stream = await openOleStream(read, ["Workbook", "Book"]);
  if (stream === undefined) return {};
  const found: { readonly name: string; readonly at: number }[] = [];
  for await (const { type, bytes } of recordsFrom(stream, 0)) {
    if (type === START && bytes.readUInt16LE(0) !== BIFF8) return {};
    // Names are not to be read then.
    if (type === ENCRYPTED) return {};
    if (type === SHEET && found.length < MAX_SHEETS) {
      found.push({ name: nameIn(bytes), at: bytes.readUInt32LE(0) });
    }
  }
  const tables: TableFacts[] = [];
  for (const { name, at } of found) tables.push({ name, ...(await sizeOf(stream, at)) });
  return { sheets: tables.map(({ name }) => name), tables };
}

async function sizeOf(
  stream: OleStream,
  at: number,
): Promise<Pick<TableFacts, "rows" | "columns">> {
  for await (const { type, bytes } of recordsFrom(stream, at)) {
    if (type === DIMENSIONS)
      return { rows: bytes.readUInt32LE(4), columns: bytes.readUInt16LE(10) };
  }
  return {};
}

/** Records from a place on, up to the one that ends their part of the stream. */
async function* recordsFrom(
  stream: OleStream,
  start: number,
): AsyncGenerator<{ readonly type: number; readonly bytes: Buffer }, void, void> {
  for (let at = start, seen = 0; seen < MAX_RECORDS; seen += 1) {
    const head = await stream.read(at, 4);
    if (head.length < 4) return;
    const [type, length] = [head.readUInt16LE(0), head.readUInt16LE(2)];
    if (type === END || length > MAX_RECORD_BYTES) return;
    const isWanted = [START, ENCRYPTED, SHEET, DIMENSIONS].includes(type);
    yield { type, bytes: isWanted ? await stream.read(at + 4, length) : head.subarray(4) };
    at += 4 + length;
  }
}

/** A name of characters of one byte, or of two. */
function nameIn(bytes: Buffer): string {
  const length = bytes.readUInt8(6);
  const isWide = (bytes.readUInt8(7) & 1) === 1;
  return isWide
    ? bytes.toString("utf16le", 8, 8 + 2 * length)
    : bytes.toString("latin1", 8, 8 + length);
}
