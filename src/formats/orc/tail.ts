import { Failure, NoSample } from "../../errors.ts";
import type { Part, Source } from "../../lib/source.ts";
import { type Codec, codecs } from "./codecs.ts";
import { invalid } from "./invalid.ts";
import { type Field, fieldsOf, numbersIn, numbersOf } from "../../lib/protobuf.ts";
import { openStream, type Stored } from "./stream.ts";
import { type OrcType, typesOf } from "./types.ts";

/** Bytes that are read first: footers are seldom longer. */
const TAIL_BYTES = 16 * 1024;
/** Bytes of a footer, of the file or of a stripe, at most. */
export const MAX_FOOTER_BYTES = 32 * 1024 * 1024;
/** Bytes of a chunk, where the postscript does not say it, and at most. */
const BLOCK_BYTES = 256 * 1024;
const MAX_BLOCK_BYTES = 8 * 1024 * 1024;
const MAGIC = "ORC";

/** Fields of the postscript (orc_proto.proto, `PostScript`). */
export const POSTSCRIPT = {
  footerLength: 1,
  compression: 2,
  blockBytes: 3,
  version: 4,
  metadataLength: 5,
  stripeStatisticsLength: 7,
  magic: 8000,
} as const;
/** Fields of the footer (`Footer`). */
export const FOOTER = {
  headerLength: 1,
  contentLength: 2,
  stripes: 3,
  types: 4,
  rows: 6,
  statistics: 7,
  rowIndexStride: 8,
  encryption: 10,
} as const;

/** The place of a stripe: indexes, data, footer (`StripeInformation`). */
export interface StripePlace {
  readonly start: number;
  readonly data: Part;
  readonly footer: Part;
  readonly rows: number;
}

/** All that a file says of itself at its end. */
export interface Tail {
  readonly postscript: readonly Field[];
  readonly footer: readonly Field[];
  /** Of the footer and of all streams. */
  readonly stored: Stored;
  /** The version of the format, such as 0 and 12. */
  readonly version: readonly number[];
  /** The first one is the row; the others are below one before them. */
  readonly types: readonly OrcType[];
  readonly stripes: readonly StripePlace[];
  /** Rows of all stripes. */
  readonly rows: number;
}

/**
 * Reads the end of a file (ORC v1, "File Tail"): `… footer, postscript, the length of the postscript
 * in a byte`.
 * @throws Failure FORMAT_INVALID, LIMIT_EXCEEDED; NoSample for a codec that we do not have; RangeError
 */
export async function readTail(slice: NonNullable<Source["slice"]>, size: number): Promise<Tail> {
  const from = Math.max(0, size - TAIL_BYTES);
  const tail = Buffer.from(await slice(from, size));
  const read = async (start: number, end: number) =>
    start >= from ? tail.subarray(start - from, end - from) : slice(start, end);
  const { fields: postscript, start: footerEnd } = postscriptIn(tail, size);

  const numbers = new Map(postscript.map(({ id, number }) => [id, number]));
  const length = numbers.get(POSTSCRIPT.footerLength) ?? 0;
  if (length > footerEnd) throw invalid(`a footer of ${length} bytes`);
  const codec = codecOf(numbers.get(POSTSCRIPT.compression) ?? 0);
  const blockBytes = numbers.get(POSTSCRIPT.blockBytes) ?? BLOCK_BYTES;
  if (blockBytes < 1 || blockBytes > MAX_BLOCK_BYTES)
    throw invalid(`blocks of ${blockBytes} bytes`);
  const part = { start: footerEnd - length, end: footerEnd };
  const bytes = await openStream({ read, codec, blockBytes }, part).all(MAX_FOOTER_BYTES);
  const footer = [...fieldsOf(bytes)];
  const stripes = messagesIn(footer, FOOTER.stripes).map((message) => placeOf(message, part.start));
  const rows = stripes.reduce((sum, stripe) => sum + stripe.rows, 0);
  const said = footer.findLast(({ id }) => id === FOOTER.rows)?.number;
  if (said !== undefined && said !== rows)
    throw invalid(`${said} rows, but ${rows} in its stripes`);
  return {
    postscript,
    footer,
    stored: { read: slice, codec, blockBytes },
    version: postscript.flatMap(({ id, bytes: packed, number }) =>
      id !== POSTSCRIPT.version ? [] : packed.length > 0 ? numbersIn(packed) : [number],
    ),
    types: typesOf(messagesIn(footer, FOOTER.types)),
    stripes,
    rows,
  };
}

/** The messages that a field has, each time that it stands there. */
export function messagesIn(fields: readonly Field[], wanted: number): Buffer[] {
  return fields.flatMap(({ id, bytes }) => (id === wanted ? [bytes] : []));
}

function postscriptIn(tail: Buffer, size: number): { fields: readonly Field[]; start: number } {
  const end = tail.length - 1;
  const length = tail[end] ?? 0;
  if (length === 0 || length > end) throw invalid("it does not end with a postscript");
  const fields = [...fieldsOf(tail.subarray(end - length, end))];
  // The first files had no magic.
  const magic = fields.find(({ id }) => id === POSTSCRIPT.magic);
  if (magic !== undefined && magic.bytes.toString("latin1") !== MAGIC) throw invalid("its magic");
  if (!fields.some(({ id }) => id === POSTSCRIPT.footerLength)) throw invalid("it has no footer");
  return { fields, start: size - 1 - length };
}

function codecOf(number: number): Codec {
  const codec = codecs[number];
  if (codec === undefined) throw new NoSample(`compressed with codec ${number}`);
  return codec;
}

function placeOf(message: Buffer, bodyEnd: number): StripePlace {
  const numbers = numbersOf(message);
  const [start = 0, index = 0, data = 0, footer = 0, rows = 0] = [1, 2, 3, 4, 5].map((id) =>
    numbers.get(id),
  );
  const dataAt = start + index;
  const footerAt = dataAt + data;
  const end = footerAt + footer;
  if (end > bodyEnd) throw invalid("a stripe outside of the file");
  if (footer > MAX_FOOTER_BYTES) {
    throw new Failure("LIMIT_EXCEEDED", `a stripe's footer of ${footer} bytes`);
  }
  if (!Number.isSafeInteger(rows)) throw invalid(`a stripe of ${rows} rows`);
  return { start, data: { start: dataAt, end: footerAt }, footer: { start: footerAt, end }, rows };
}
