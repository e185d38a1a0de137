import { NoSample } from "../../errors.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Source } from "../../lib/source.ts";
import { invalid } from "./invalid.ts";
import type { TextEncoding } from "./record.ts";

const MAGIC = [...Buffer.from("SQLite format 3\0")];
export const HEADER_BYTES = 100;
/** Versions of the format that are known: 2 is with a write-ahead log. */
const NEWEST_VERSION = 2;
const LEAST_PAGE_BYTES = 512;
const MOST_PAGE_BYTES = 65_536;
const LEAST_USABLE_BYTES = 480;

/** Places in the header ("The Database Header"). */
export const HEADER = {
  pageBytes: 16,
  writeVersion: 18,
  readVersion: 19,
  reserved: 20,
  changes: 24,
  pages: 28,
  freeList: 32,
  freePages: 36,
  schemaFormat: 44,
  largestRoot: 52,
  encoding: 56,
  incrementalVacuum: 64,
  validFor: 92,
} as const;

/** A database whose pages can be read. */
export interface Database {
  /** The first 100 bytes. */
  readonly header: Buffer;
  readonly pageBytes: number;
  /** Bytes of a page but those that are reserved at its end. */
  readonly usable: number;
  readonly encoding: TextEncoding;
  readonly schemaFormat: number;
  /** True where changes may be in a write-ahead log beside the file. */
  readonly isLogged: boolean;
  /** Bytes that it says it has; undefined where a writer of old did not. */
  readonly saidBytes: number | undefined;
  /**
   * A page by its number, from 1 on. Each can be had once: a page has one place in one tree.
   * @throws Failure FORMAT_INVALID
   */
  page(number: number): Promise<Buffer>;
}

/** True for a SQLite database, GeoPackages among them. */
export function isSqlite(head: Uint8Array): boolean {
  return hasBytes(head, MAGIC);
}

/**
 * Opens a database (sqlite.org/fileformat2.html).
 * @throws Failure FORMAT_INVALID where its header is none; NoSample for a version that is not known
 */
export async function openDatabase(read: NonNullable<Source["slice"]>): Promise<Database> {
  const header = Buffer.from(await read(0, HEADER_BYTES));
  if (!isSqlite(header) || header.length < HEADER_BYTES) throw invalid("its header is none");
  const version = Math.max(
    header.readUInt8(HEADER.writeVersion),
    header.readUInt8(HEADER.readVersion),
  );
  if (version > NEWEST_VERSION) throw new NoSample(`SQLite's format of version ${version}`);
  const pageBytes = pageBytesIn(header);
  const usable = pageBytes - header.readUInt8(HEADER.reserved);
  if (usable < LEAST_USABLE_BYTES) throw invalid(`${usable} bytes of a page are used`);
  const had = new Set<number>();

  return {
    header,
    pageBytes,
    usable,
    encoding: encodingIn(header),
    schemaFormat: header.readUInt32BE(HEADER.schemaFormat),
    isLogged: version === NEWEST_VERSION,
    saidBytes: saysItsPages(header) ? header.readUInt32BE(HEADER.pages) * pageBytes : undefined,
    async page(number) {
      if (had.has(number)) throw invalid(`page ${number} is used twice`);
      had.add(number);
      const page =
        number < 1
          ? Buffer.alloc(0)
          : Buffer.from(await read((number - 1) * pageBytes, number * pageBytes));
      if (page.length < pageBytes) throw invalid(`there is no page ${number}`);
      return page;
    },
  };
}

function pageBytesIn(header: Buffer): number {
  const said = header.readUInt16BE(HEADER.pageBytes);
  const bytes = said === 1 ? MOST_PAGE_BYTES : said;
  const isPower = (bytes & (bytes - 1)) === 0;
  if (bytes < LEAST_PAGE_BYTES || !isPower) throw invalid(`pages of ${bytes} bytes`);
  return bytes;
}

/** A database without tables has no encoding yet. */
function encodingIn(header: Buffer): TextEncoding {
  const encoding = (["utf8", "utf8", "utf16le", "utf16be"] as const)[
    header.readUInt32BE(HEADER.encoding)
  ];
  if (encoding === undefined) throw invalid("its texts have no known encoding");
  return encoding;
}

/** True where the number of pages was written by the last who changed the file ("In-header database size"). */
function saysItsPages(header: Buffer): boolean {
  const isCounted = header.readUInt32BE(HEADER.pages) > 0;
  return isCounted && header.readUInt32BE(HEADER.changes) === header.readUInt32BE(HEADER.validFor);
}
