import { Failure } from "../../errors.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Source } from "../../lib/source.ts";
import type { Facts } from "./facts.ts";
import { unsignedAt } from "./unsigned.ts";

const MAGIC = [
  ...Buffer.from("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011", "hex"),
];
/** Marks in bytes of the header: of wide numbers, or another alignment; of the lowest byte first. */
const ALIGNED = 0x33;
const LITTLE = 1;
/** Bytes of a page at most, and headers in it that are looked at. */
const MAX_PAGE_BYTES = 1024 * 1024;
const MAX_SUBHEADERS = 1000;
/** The signature of what tells of rows. */
const ROW_SIZE = 0xf7f7f7f7;

/** True for a dataset of SAS. */
export function isSas(head: Uint8Array): boolean {
  return hasBytes(head, MAGIC);
}

/**
 * Name, rows and number of columns of a dataset of SAS, from its first page. SAS publishes no
 * layout: this is that of M. Shotwell, "SAS7BDAT Database Binary Format", 2011.
 */
export async function sasFacts(read: NonNullable<Source["slice"]>): Promise<Facts> {
  const header = Buffer.from(await read(0, 288));
  const isWide = header.readUInt8(32) === ALIGNED;
  const shift = header.readUInt8(35) === ALIGNED ? 4 : 0;
  const isLittle = header.readUInt8(37) === LITTLE;
  const width = isWide ? 8 : 4;
  const uint = (bytes: Buffer, at: number, size: number) => unsignedAt(bytes, at, size, isLittle);
  const [start, pageBytes] = [uint(header, 196 + shift, 4), uint(header, 200 + shift, 4)];
  if (pageBytes > MAX_PAGE_BYTES) throw invalid(`pages of ${pageBytes} bytes`);
  const page = Buffer.from(await read(start, start + pageBytes));
  const pointersAt = (isWide ? 32 : 16) + 8;
  const count = Math.min(uint(page, pointersAt - 4, 2), MAX_SUBHEADERS);
  for (let i = 0; i < count; i += 1) {
    const at = uint(page, pointersAt + i * 3 * width, width);
    // In both byte orders, and with as many bytes around as it is wide.
    const found = [at, at + width - 4].some((place) => page.readUInt32LE(place) === ROW_SIZE);
    if (!found) continue;
    const [rows, some, more] = [6, 9, 10].map((field) => uint(page, at + field * width, width));
    const name = header.toString("latin1", 92, 156).replace(/[\0 ]+$/, "");
    const table = { name, rows: counted(rows), columns: counted(some) + counted(more) };
    return { tables: [table] };
  }
  throw invalid("its first page says nothing of rows");
}

function counted(number = NaN): number {
  if (!Number.isSafeInteger(number)) throw invalid(`${number} rows or columns`);
  return number;
}

function invalid(what: string): Failure {
  return new Failure("FORMAT_INVALID", `not a whole dataset of SAS: ${what}`);
}
