import { NoSample } from "../../errors.ts";
import type { Cut } from "../../lib/records.ts";
import { faultOf } from "../fault.ts";
import { isWide } from "./package.ts";
import { attributeOf, edited, type Tag, tagsIn } from "./tags.ts";
import { textChunks } from "./text-chunks.ts";

/** Bytes of what stands before the rows, and of one tag, at most. */
const MAX_HEAD_BYTES = 1024 * 1024;

/** Bytes of what follows the rows that there is always room for: closing tags. */
const END_BYTES = 1024;
/** Elements that make a cell have something in it: a value, a text of its own, a formula. */
const VALUES = new Set(["v", "is", "f"]);

/** A row of a sheet. */
export interface Row {
  /** Its text, with what stands before it. */
  readonly text: string;
  /** Its number, as its own tag says; undefined where it does not. */
  readonly number: string | undefined;
  /** True where one of its cells has a value or a formula. */
  readonly hasValues: boolean;
  /** Indexes of the shared strings that its cells have. */
  readonly strings: readonly number[];
}

/** The beginning of a sheet. Texts have a character for each byte. */
export interface Sheet {
  /** Everything before the first row. */
  readonly head: string;
  readonly rows: readonly Row[];
  /** The part after the rows, of a sheet that was read to its end. */
  readonly tail: string;
  /** The tags that end a sheet after its last row. */
  readonly closers: string;
  /** The limit that ended the reading, or `damage`; undefined where all was read. */
  readonly ended: Cut | "damage" | undefined;
  /** The fault of its data, where one was met. */
  readonly fault: string | undefined;
}

/** Bounds on what is read of a sheet. */
export interface SheetLimits {
  /** Rows with values. */
  readonly rows: number;
  /** Bytes after which no further row is begun, and of what follows the rows. */
  readonly bytes: number;
  /** Bytes of a row. */
  readonly recordBytes: number;
  /** True where there is no sample if the first row is larger than that; else it is left out. */
  readonly needsRow: boolean;
}

/**
 * Reads a sheet up to its limits (ECMA-376 part 1, 18.3.1.73).
 * @throws NoSample where the first row or what stands before it is too large; what the chunks throw
 * before there is a row
 */
export async function readSheet(
  chunks: AsyncIterable<Uint8Array>,
  limits: SheetLimits,
  signal: AbortSignal,
): Promise<Sheet> {
  const scan = sheetScan(limits);
  let fault: string | undefined;
  try {
    for await (const text of textChunks(chunks, scan.heldBytes)) if (scan.feed(text)) break;
  } catch (error) {
    if (error instanceof NoSample || !scan.hasRows()) throw error;
    fault = faultOf(error, signal);
  }
  return { ...scan.result(), fault };
}

interface SheetScan {
  /** Goes on with more text; true once no more is wanted. */
  feed(text: string): boolean;
  hasRows(): boolean;
  /** Bytes of text that belongs to no row yet. */
  heldBytes(): number;
  result(): Omit<Sheet, "fault">;
}

/** The findings of a row before its end. */
interface OpenRow {
  readonly number: string | undefined;
  readonly strings: number[];
  hasValues: boolean;
}

function sheetScan(limits: SheetLimits): SheetScan {
  const rows: Row[] = [];
  /** Text that belongs to no row yet, and the place up to which its tags were looked at. */
  let held = "";
  let at = 0;
  let root: string | undefined;
  let data: string | undefined;
  let head: string | undefined;
  let row: OpenRow | undefined;
  /** Place in `held` of the index of a shared string. */
  let indexAt: number | undefined;
  let isShared = false;
  let rowBytes = 0;
  let counted = 0;
  let isEnded = false;
  let cut: Cut | undefined;

  return { feed, hasRows: () => rows.length > 0, heldBytes: () => held.length, result };

  function feed(text: string): boolean {
    held += text;
    if (root === undefined && isWide(held)) throw new NoSample("a sheet is not UTF-8");
    let start = 0;
    const tags = isEnded ? undefined : tagsIn(held, at);
    for (let next = tags?.next(); next !== undefined; next = tags?.next()) {
      if (next.done === true) {
        at = next.value;
        break;
      }
      start = take(next.value, start);
      if (isEnded || cut !== undefined) break;
    }
    drop(start);
    checkHeld();
    if (isEnded && held.length > limits.bytes + END_BYTES) cut = "bytes";
    return cut !== undefined;
  }

  /** Takes a tag; returns where text begins that belongs to no row. */
  function take(tag: Tag, start: number): number {
    root ??= tag.name;
    if (head === undefined) {
      if (tag.local !== "sheetData") return start;
      head = held.slice(0, tag.end);
      data = tag.kind === "open" ? tag.name : undefined;
      isEnded = tag.kind === "empty";
      return tag.end;
    }
    if (tag.name === data && tag.kind === "close") isEnded = true;
    else if (tag.local === "row") return takeRow(tag, start);
    else if (row !== undefined) takeCell(tag, row);
    return start;
  }

  function takeRow(tag: Tag, start: number): number {
    if (tag.kind !== "close") {
      if (counted >= limits.rows) cut = "rows";
      else if (rowBytes > limits.bytes) cut = "bytes";
      row = { number: attributeOf(held, tag, "r"), strings: [], hasValues: false };
      if (cut !== undefined || tag.kind === "open") return start;
    }
    const text = held.slice(start, tag.end);
    if (isTooLong(text.length)) return start;
    const { number, strings = [], hasValues = false }: Partial<OpenRow> = row ?? {};
    rows.push({ text, number, strings, hasValues });
    if (hasValues) counted += 1;
    rowBytes += text.length;
    row = undefined;
    return tag.end;
  }

  /** Ends the reading at a row that is too long. @throws NoSample where it is the first */
  function isTooLong(bytes: number): boolean {
    if (bytes <= limits.recordBytes) return false;
    if (rows.length === 0 && limits.needsRow) {
      throw new NoSample(`a row is larger than ${limits.recordBytes} bytes`);
    }
    cut = "bytes";
    return true;
  }

  function takeCell(tag: Tag, open: OpenRow): void {
    if (VALUES.has(tag.local)) open.hasValues = true;
    if (tag.local === "c") isShared = attributeOf(held, tag, "t") === "s";
    if (tag.local !== "v" || !isShared) return;
    if (tag.kind === "open") indexAt = tag.end;
    else if (indexAt !== undefined) {
      const index = Number(held.slice(indexAt, tag.start));
      if (Number.isSafeInteger(index) && index >= 0) open.strings.push(index);
      indexAt = undefined;
    }
  }

  function drop(bytes: number): void {
    held = held.slice(bytes);
    at -= bytes;
    if (indexAt !== undefined) indexAt -= bytes;
  }

  /** Ends what would be held without an end. */
  function checkHeld(): void {
    if (isEnded || cut !== undefined) return;
    if (row !== undefined && isTooLong(held.length)) return;
    if (held.length - (head === undefined ? 0 : at) <= MAX_HEAD_BYTES) return;
    throw new NoSample(`more than ${MAX_HEAD_BYTES} bytes of a sheet without a row`);
  }

  function result(): Omit<Sheet, "fault"> {
    if (head === undefined || root === undefined) throw new NoSample("a sheet without rows");
    const closers = `${data === undefined ? "" : `</${data}>`}</${root}>`;
    const isWhole = isEnded && held.includes(`</${root}`);
    const ended = cut ?? (isWhole ? undefined : "damage");
    return { head, rows, tail: ended === undefined ? held : "", closers, ended };
  }
}

/** A sheet without rows, for one of a kind that has none. */
export function emptySheet(namespace: string): Sheet {
  const head = `<worksheet xmlns="${namespace}"><sheetData/>`;
  const closers = "</worksheet>";
  return { head, rows: [], tail: closers, closers, ended: undefined, fault: undefined };
}

/** The text of a sheet that ends after some of its rows; its head says the range that is left. */
export function cutSheet({ head, rows, closers }: Sheet, count: number): string {
  const kept = rows.slice(0, count);
  const last = /^\d+$/.exec(kept.at(-1)?.number ?? "")?.[0];
  return [withRange(head, last), ...kept.map(({ text }) => text), closers].join("");
}

/** Changes the last row of the range that the head says is used. */
function withRange(head: string, last: string | undefined): string {
  for (const tag of tagsIn(head)) {
    if (tag.local !== "dimension") continue;
    const { start, end } = tag;
    if (last === undefined) return edited(head, [{ start, end, text: "" }]);
    const text = head.slice(start, end).replace(/(:\$?[A-Z]+\$?)\d+/, `$1${last}`);
    return edited(head, [{ start, end, text }]);
  }
  return head;
}

/** The text of a sheet that was read to its end. */
export function wholeSheet({ head, rows, tail }: Sheet): string {
  return [head, ...rows.map(({ text }) => text), tail].join("");
}
