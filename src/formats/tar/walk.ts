import { Failure } from "../../errors.ts";
import type { Source } from "../../lib/source.ts";
import type { ArchiveEntry } from "../listing.ts";
import {
  BLOCK_BYTES,
  parseHeader,
  parsePax,
  paxNumber,
  sparseGoesOn,
  type TarHeader,
} from "./header.ts";

/** An entry of a tar, with the place of its data. */
export interface TarEntry extends ArchiveEntry {
  readonly kind: "file" | "directory" | "other";
  /** True where its data is only what is between holes, and a map of them. */
  readonly isSparse: boolean;
  /** Position of its data, from the archive's start. */
  readonly dataAt: number;
  /** Bytes of its data. */
  readonly stored: number;
}

type Slice = NonNullable<Source["slice"]>;
type Pax = ReadonlyMap<string, Uint8Array>;

/** Bytes of a long name or of pax records, at most: they are held in memory. */
const MAX_EXTENSION_BYTES = 8 * 1024 * 1024;
/**
 * The same for all members together; also the number of pax records in them: each takes its time.
 */
const MAX_EXTENSIONS_BYTES = 128 * 1024 * 1024;
const MAX_PAX_RECORDS = 500_000;
/**
 * Size of a member at most: every tar reader takes it for a signed number of 64 bits; up to 2^53 it
 * is exact here.
 */
const MAX_SIZE = Number.MAX_SAFE_INTEGER;
const SLASH = 0x2f;
/** Bytes read at once where small members follow each other. */
const WINDOW_BYTES = 32 * 1024;

/**
 * Walks a tar from header to header; data is stepped over. Asks `slice` for ascending offsets only.
 * @throws Failure FORMAT_INVALID where there is no header or the archive is cut off,
 * LIMIT_EXCEEDED where a name or header is too long; what `slice` throws.
 */
export async function* tarEntries(
  slice: Slice,
  size: number | undefined,
): AsyncGenerator<TarEntry, void, void> {
  const read = windowed(slice);
  const budget = extensionBudget();
  let globals: Pax = new Map();
  let pax = globals;
  let longName: Uint8Array | undefined;
  let at = 0;
  for (;;) {
    const block = await read(at, BLOCK_BYTES);
    if (block.length > 0 && block.length < BLOCK_BYTES)
      throw invalid(`it is cut off at byte ${at}`);
    if (block.every((byte) => byte === 0)) {
      if (pax === globals && longName === undefined) return;
      throw invalid(`it is cut off at byte ${at}`);
    }
    const header = parseHeader(block);
    if (header === undefined) throw invalid(`no tar header at byte ${at}`);
    let data = at + BLOCK_BYTES;
    if (/[LKxXg]/.test(header.type)) {
      const body = await extension(read, data, header.size);
      budget.spend(body.length, 0);
      if (header.type === "L") longName = body.subarray(0, endOf(body));
      else if (/[xXg]/.test(header.type)) {
        const { records, count } = parsePax(body);
        budget.spend(0, count);
        pax = new Map([...globals, ...records]);
        if (header.type === "g") globals = pax;
      }
      at = padded(data, header.size);
      continue;
    }
    if (header.type === "S") data = await skipSparseMap(read, at);
    const stored = paxNumber(pax, "size") ?? (isWithoutData(header.type) ? 0 : header.size);
    if (!(stored >= 0 && stored <= MAX_SIZE)) throw invalid(`an impossible size at byte ${at}`);
    yield { ...entryOf(header, pax, longName, stored), dataAt: data, stored };
    pax = globals;
    longName = undefined;
    await checkThere(read, size, data + stored);
    at = padded(data, stored);
  }
}

/** Counts what extensions take. `spend` throws Failure LIMIT_EXCEEDED. */
function extensionBudget(): { spend(bytes: number, records: number): void } {
  let bytes = 0;
  let records = 0;
  return {
    spend(moreBytes, moreRecords) {
      bytes += moreBytes;
      records += moreRecords;
      if (bytes <= MAX_EXTENSIONS_BYTES && records <= MAX_PAX_RECORDS) return;
      const found = `${bytes} bytes and ${records} records`;
      throw new Failure("LIMIT_EXCEEDED", `too many long names and pax headers: ${found}`);
    },
  };
}

function entryOf(
  header: TarHeader,
  pax: Pax,
  longName: Uint8Array | undefined,
  stored: number,
): Omit<TarEntry, "dataAt" | "stored"> {
  const sparse = paxNumber(pax, "GNU.sparse.realsize") ?? paxNumber(pax, "GNU.sparse.size");
  const name = pax.get("GNU.sparse.name") ?? pax.get("path") ?? longName ?? header.name;
  return {
    name,
    kind: kindOf(header.type, name),
    isSparse: sparse !== undefined || header.realSize !== undefined,
    size: sparse ?? header.realSize ?? stored,
    mtime: paxNumber(pax, "mtime") ?? header.mtime,
  };
}

/** The kind of a member; before POSIX the name of a directory had a slash at its end. */
function kindOf(type: string, name: Uint8Array): TarEntry["kind"] {
  if (type === "5" || name.at(-1) === SLASH) return "directory";
  return /[07S]/.test(type) ? "file" : "other";
}

/**
 * Creates a function that reads no more than is asked for while members are large, and a window
 * while they are small.
 */
function windowed(slice: Slice): (at: number, length: number) => Promise<Uint8Array> {
  let start = 0;
  let window: Uint8Array = new Uint8Array();
  return async (at, length) => {
    if (at < start || at + length > start + window.length) {
      const near = at - (start + window.length) < WINDOW_BYTES;
      window = await slice(at, at + Math.max(length, near ? WINDOW_BYTES : 0));
      start = at;
    }
    return window.subarray(at - start, at - start + length);
  };
}

async function extension(
  read: ReturnType<typeof windowed>,
  start: number,
  size: number,
): Promise<Uint8Array> {
  if (!(size >= 0 && size <= MAX_EXTENSION_BYTES)) {
    throw new Failure("LIMIT_EXCEEDED", `a name or header of ${size} bytes at byte ${start}`);
  }
  const body = await read(start, size);
  if (body.length < size) throw invalid(`it is cut off at byte ${start + body.length}`);
  return body;
}

/**
 * Skips the map at the start of an old GNU sparse member's data, which may go on in further blocks.
 */
async function skipSparseMap(read: ReturnType<typeof windowed>, at: number): Promise<number> {
  let next = at + BLOCK_BYTES;
  let goesOn = sparseGoesOn(await read(at, BLOCK_BYTES), true);
  while (goesOn) {
    goesOn = sparseGoesOn(await read(next, BLOCK_BYTES), false);
    next += BLOCK_BYTES;
  }
  return next;
}

/** @throws Failure FORMAT_INVALID when the archive ends before `end`. */
async function checkThere(
  read: ReturnType<typeof windowed>,
  size: number | undefined,
  end: number,
): Promise<void> {
  const there = size === undefined ? (await read(end - 1, 1)).length === 1 : end <= size;
  if (!there) throw invalid(`it is cut off before byte ${end}`);
}

function isWithoutData(type: string): boolean {
  return /[1-6]/.test(type);
}

function endOf(body: Uint8Array): number {
  const end = body.indexOf(0);
  return end < 0 ? body.length : end;
}

function padded(start: number, size: number): number {
  return start + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}

function invalid(message: string): Failure {
  return new Failure("FORMAT_INVALID", `not a whole tar: ${message}`);
}
