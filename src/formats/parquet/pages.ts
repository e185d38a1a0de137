import { Failure } from "../../errors.ts";
import { AHEAD_BYTES, readAhead } from "../../lib/read-ahead.ts";
import type { Part, Source } from "../../lib/source.ts";
import { decompressPrefix } from "./codecs.ts";
import type { Chunk } from "./footer.ts";
import { bool, type Cursor, int, invalid, readStruct, struct, underflow } from "./thrift.ts";
import type { Work } from "./work.ts";

type Slice = NonNullable<Source["slice"]>;
type Read = (at: number, length: number) => Promise<Uint8Array>;

/**
 * Bytes of a page that are tried first, and those that are tried at most, stored and decompressed.
 */
const FIRST_BYTES = 8 * 1024;
/** Bytes that a hundred values seldom exceed, decompressed. */
const FIRST_ROOM_BYTES = 4 * 1024;
const MAX_PAGE_BYTES = 64 * 1024 * 1024;
/** Pages of one column that are looked at, at most: each costs time, even an empty one. */
const MAX_PAGES = 100_000;
/** Bytes of a page header, at most: it may carry the lowest and the highest value. */
const MAX_HEADER_BYTES = 16 * 1024 * 1024;

/** Page types (parquet.thrift, `PageType`). */
const DATA = 0;
const DICTIONARY = 2;
const DATA_V2 = 3;

const pageHeader = struct({
  type: [1, int],
  decompressed: [2, int],
  stored: [3, int],
  data: [5, struct({ values: [1, int], encoding: [2, int], def: [3, int], rep: [4, int] })],
  dictionary: [7, struct({ values: [1, int] })],
  dataV2: [
    8,
    struct({
      values: [1, int],
      encoding: [4, int],
      defBytes: [5, int],
      repBytes: [6, int],
      isCompressed: [7, bool],
    }),
  ],
});

/** A page of a column chunk. */
export interface Page {
  readonly isDictionary: boolean;
  /** Values in it, nulls included. */
  readonly values: number;
  readonly encoding: number;
  /** Encodings of the levels, whose lengths stand before them in the page (V1). */
  readonly levels: { readonly rep: number; readonly def: number } | undefined;
  /** Bytes of levels at the start of the page, never compressed (V2). */
  readonly repBytes: number;
  readonly defBytes: number;
  /**
   * Decodes as much of the page as `decode` needs: it is called with a longer part each time that
   * it throws `underflow`. `end` is where the whole page ends.
   * @throws Failure FORMAT_INVALID, LIMIT_EXCEEDED; what `decode` and the source throw.
   */
  decode<T>(decode: (bytes: Uint8Array, end: number) => T): Promise<T>;
}

/**
 * The pages of a column chunk, in order. Nothing of a page is read before it is decoded.
 * @throws Failure FORMAT_INVALID where there is no page; what `slice` and `work` throw.
 */
export async function* pagesOf(
  slice: Slice,
  chunk: Chunk,
  work: Work,
): AsyncGenerator<Page, void, void> {
  const end = chunk.start + chunk.length;
  const ahead = readAhead(slice, end);
  const read: Read = (at, length) => ahead(at, at + length);
  for (let at = chunk.start, pages = 0; at < end; pages += 1) {
    if (pages >= MAX_PAGES) throw new Failure("LIMIT_EXCEEDED", `needs more than ${pages} pages`);
    work.page();
    const { header, length } = await readHeader(read, at);
    const { stored, decompressed } = header;
    if (stored === undefined || decompressed === undefined || stored < 0 || decompressed < 0) {
      throw invalid(`a page without sizes at byte ${at}`);
    }
    const page = pageOf(header, { read, at: at + length, stored, decompressed, work }, chunk.codec);
    if (page !== undefined) yield page;
    at += length + stored;
  }
}

/** The parts of a column chunk that are read first: its dictionary, its first values. */
export function beginningsOf({ start, data, length }: Chunk): Part[] {
  const end = start + length;
  return [...new Set([start, data])].map((at) => ({
    start: at,
    end: Math.min(at + AHEAD_BYTES, end),
  }));
}

type Header = ReturnType<typeof pageHeader>;

/** The place of a page's bytes. */
interface Body {
  readonly read: Read;
  readonly at: number;
  readonly stored: number;
  readonly decompressed: number;
  readonly work: Work;
}

function pageOf({ type, data, dictionary, dataV2 }: Header, body: Body, codec: number) {
  if (type === DATA && data !== undefined) {
    const { rep = -1, def = -1 } = data;
    const levels = { rep, def };
    return page({ ...data, levels, repBytes: 0, defBytes: 0 }, body, codec);
  }
  if (type === DATA_V2 && dataV2 !== undefined) {
    const { repBytes = 0, defBytes = 0, isCompressed = true } = dataV2;
    if (repBytes < 0 || defBytes < 0) throw invalid("levels of a negative length");
    const lengths = { levels: undefined, repBytes, defBytes };
    return page({ ...dataV2, ...lengths }, body, isCompressed ? codec : 0);
  }
  if (type === DICTIONARY) {
    // A value takes a byte at least, so where their number is missing this is enough.
    const { values = body.decompressed } = dictionary ?? {};
    const none = { levels: undefined, repBytes: 0, defBytes: 0 };
    return page({ values, encoding: 0, ...none, isDictionary: true }, body, codec);
  }
  // Index pages and what later versions add are passed over.
  return undefined;
}

function page(
  facts: Partial<Page> & Pick<Page, "levels" | "repBytes" | "defBytes">,
  body: Body,
  codec: number,
): Page {
  const { values = -1, encoding = -1, isDictionary = false } = facts;
  if (values < 0) throw invalid(`a page of ${values} values`);
  const { repBytes, defBytes, levels } = facts;
  const decode = decoder(body, codec, repBytes + defBytes);
  return { isDictionary, values, encoding, levels, repBytes, defBytes, decode };
}

/** See `Page.decode`; `plainBytes` at the start of the page are not compressed. */
function decoder(
  { read, at, stored, decompressed, work }: Body,
  codec: number,
  plainBytes: number,
): Page["decode"] {
  const sizes = { stored: stored - plainBytes, decompressed: decompressed - plainBytes };
  let tried = 0;
  let bytes: Uint8Array = new Uint8Array();
  let isWhole = false;

  async function more(): Promise<void> {
    if (isWhole) throw invalid(`a page of ${decompressed} bytes ends too early`);
    if (Math.max(tried, bytes.length, plainBytes) >= MAX_PAGE_BYTES) {
      throw new Failure("LIMIT_EXCEEDED", `needs more than ${MAX_PAGE_BYTES} bytes of a page`);
    }
    const isFirst = tried === 0;
    tried = isFirst ? FIRST_BYTES + plainBytes : Math.min(tried * 4, MAX_PAGE_BYTES);
    const part = await read(at, Math.min(tried, stored));
    const room = isFirst ? FIRST_ROOM_BYTES : Math.min(tried * 8, MAX_PAGE_BYTES);
    bytes = new Uint8Array();
    const packed = part.subarray(plainBytes);
    const unpacked = await decompressPrefix(codec, packed, room, sizes);
    work.decompressed(unpacked.length);
    bytes = plainBytes === 0 ? unpacked : Buffer.concat([part.subarray(0, plainBytes), unpacked]);
    isWhole = part.length >= stored && (unpacked.length < room || unpacked.length >= decompressed);
  }

  return async (decode) => {
    if (tried === 0) await more();
    for (;;) {
      try {
        return decode(bytes, isWhole ? bytes.length : decompressed);
      } catch (error) {
        if (error !== underflow) throw error;
      }
      await more();
    }
  };
}

async function readHeader(read: Read, at: number): Promise<{ header: Header; length: number }> {
  for (let bytes = 256; bytes <= MAX_HEADER_BYTES; bytes *= 4) {
    const cursor: Cursor = { bytes: await read(at, bytes), at: 0 };
    try {
      return { header: readStruct(cursor, pageHeader), length: cursor.at };
    } catch (error) {
      if (error !== underflow) throw error;
    }
    if (cursor.bytes.length < bytes) throw invalid(`no page at byte ${at}`);
  }
  throw new Failure("LIMIT_EXCEEDED", `a page header over ${MAX_HEADER_BYTES} bytes`);
}
