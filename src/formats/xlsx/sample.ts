import { Failure, NoSample } from "../../errors.ts";
import { cachedSlice, sliceWithHead } from "../../lib/blocks.ts";
import type { Cut } from "../../lib/records.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Source } from "../../lib/source.ts";
import { faultOf } from "../fault.ts";
import type { SampleRequest, SampleStream } from "../types.ts";
import { seekable } from "../seekable.ts";
import type { ZipEntry } from "../zip/reader.ts";
import { damageOf, nothingRead } from "../zip/unpack.ts";
import { writePacked } from "../zip/writer.ts";
import { fitRows } from "./fit.ts";
import { leftOut } from "./left-out.ts";
import { invalid, openPackage, type Package, partData } from "./package.ts";
import { type Opened, type Rewritten, rewriteAll } from "./rewrite.ts";
import { emptySheet, readSheet, type Sheet } from "./sheet.ts";
import { noStrings, readStrings, type SharedStrings } from "./strings.ts";
import { readWorkbook } from "./workbook.ts";

type Slice = NonNullable<Source["slice"]>;

const OLE = [0xd0, 0xcf, 0x11, 0xe0];
const STEP_BYTES = 64 * 1024;
/** Bytes of the header in front of a part, at most as a rule. */
const HEADER_BYTES = 1024;

/** The first rows of each sheet of a workbook. */
export async function* sampleXlsx(request: SampleRequest): SampleStream {
  const { limits, signal } = request;
  const source = await seekable(request.source, "a spreadsheet");
  const { slice: read, size } = source;
  const head = await source.head();
  if (hasBytes(head, OLE)) throw new NoSample("encrypted, or of a format before Office Open XML");

  const withHead = sliceWithHead(head, read);
  // What is small may be kept as it is: its bytes are read once.
  const slice = size <= limits.bytes ? cachedSlice(withHead) : withHead;
  const { rows, warnings, rewritten, cut } = await prepare(request, slice, size).catch((error) => {
    if (error instanceof NoSample || error instanceof Failure) throw error;
    throw invalid(faultOf(error, signal));
  });
  if (rewritten === undefined) yield* wholeFile(slice, size);
  else yield* writePacked(rewritten.members);
  const complete = rewritten === undefined && warnings.length === 0;
  const summary = { format: "xlsx", rows, complete, warnings };
  return cut === undefined ? summary : { ...summary, cut };
}

/** A sample before it is written. */
interface Prepared {
  readonly rows: number;
  readonly warnings: readonly string[];
  /** Undefined where the file is kept as it is. */
  readonly rewritten: Rewritten | undefined;
  readonly cut: Cut | undefined;
}

async function prepare(request: SampleRequest, slice: Slice, size: number): Promise<Prepared> {
  const { limits } = request;
  const { opened, warnings } = await open(request, await openPackage(slice, size));
  const { count: rows } = opened.fitting;
  const cut = cutOf(opened);
  const isWhole = cut === undefined && warnings.length === 0;
  const rewritten = isWhole && size <= limits.bytes ? undefined : await rewriteAll(opened, limits);
  if (rewritten === undefined || rewritten.isSame) {
    return { rows, warnings, rewritten: undefined, cut: undefined };
  }
  const told = [...warnings, ...leftOut(rewritten.left, cut !== undefined)];
  // Parts other than sheets are left out where there is no room for them.
  return { rows, warnings: told, rewritten, cut: cut ?? (isWhole ? "bytes" : undefined) };
}

async function open(
  { source, limits, signal }: SampleRequest,
  document: Package,
): Promise<{ readonly opened: Opened; readonly warnings: string[] }> {
  const workbook = await readWorkbook(document, limits);
  const { parts } = document;
  const sheetParts = workbook.sheets.map(({ part }) => part);
  source.willSlice?.(
    [...sheetParts, workbook.strings ?? "", ...workbook.verbatim].flatMap((part) => {
      const entry = parts.get(part);
      if (entry === undefined) return [];
      const start = Math.max(0, entry.headerAt);
      return [{ start, end: start + Math.min(entry.stored + HEADER_BYTES, STEP_BYTES) }];
    }),
  );
  const warnings: string[] = [];
  const sheets: Sheet[] = [];
  for (const [i, { part, name, hasRows }] of workbook.sheets.entries()) {
    if (!hasRows) {
      sheets.push(emptySheet(workbook.namespace));
      continue;
    }
    const entry = parts.get(part) as ZipEntry;
    const read = nothingRead();
    const needsRow = !sheets.some((before) => before.rows.length > 0);
    // More than its share of the bytes would not be kept.
    const bytes = Math.floor(limits.bytes / (workbook.sheets.length - i));
    const recordBytes = needsRow ? limits.recordBytes : bytes;
    const bounds = { rows: limits.rows, bytes, recordBytes, needsRow };
    const sheet = await readSheet(partData(document, entry, limits, read), bounds, signal);
    const end = sheet.ended === "damage" ? "it is cut off" : undefined;
    const damage = sheet.fault ?? end ?? damageOf(entry, read);
    if (damage !== undefined) warnings.push(`${name}: damaged or truncated: ${damage}`);
    sheets.push(sheet);
  }
  const strings = await stringsOf(sheets);
  const fitting = fitRows(sheets, strings, limits);
  return { opened: { document, workbook, sheets, strings, fitting }, warnings };

  function stringsOf(used: readonly Sheet[]): Promise<SharedStrings> | SharedStrings {
    const wanted = new Set(used.flatMap(({ rows }) => rows.flatMap((row) => row.strings)));
    const entry = parts.get(workbook.strings ?? "");
    if (entry === undefined) return noStrings;
    return readStrings(partData(document, entry, limits), wanted, limits);
  }
}

/** The limit that left out rows, or what follows them; undefined where none did. */
function cutOf({ sheets, fitting }: Opened): Cut | undefined {
  const cuts = sheets.map(({ rows, ended }, i): Cut | undefined => {
    if ((fitting.rows[i] ?? 0) < rows.length) return "bytes";
    return ended === "damage" ? undefined : ended;
  });
  return cuts.find((cut) => cut === "bytes") ?? cuts.find((cut) => cut !== undefined);
}

async function* wholeFile(slice: Slice, size: number): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < size; at += STEP_BYTES) yield slice(at, Math.min(size, at + STEP_BYTES));
}
