import { Failure } from "../../errors.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Source } from "../../lib/source.ts";
import { rootTable, type Table } from "./flatbuffer.ts";

type Slice = NonNullable<Source["slice"]>;

/** The first and last bytes of a file, without the padding that follows the first. */
export const MAGIC = Buffer.from("ARROW1");
/** Magic bytes and padding before the first message of a file. */
export const START_BYTES = 8;
/** Bytes of the metadata of a message, or of a footer, at most. */
const MAX_METADATA_BYTES = 8 * 1024 * 1024;
const CONTINUATION = 0xffffffff;
const BLOCK_BYTES = 24;

/** Kinds of messages, by their number (Message.fbs, `MessageHeader`). */
export const SCHEMA = 1;
export const DICTIONARY = 2;
export const RECORDS = 3;

/** A message (Arrow columnar format, "Encapsulated message format"). */
export interface Message {
  /** Its prefix and metadata; its tables are views of it. */
  readonly bytes: Buffer;
  readonly root: Table;
  readonly kind: number;
  readonly header: Table;
  /** Place of its body in the file. */
  readonly bodyAt: number;
  readonly bodyBytes: number;
}

/** The footer of a file (File.fbs, `Footer`). */
export interface Footer {
  readonly bytes: Buffer;
  readonly root: Table;
  /** Places of the messages of dictionaries, and of records. */
  readonly dictionaries: readonly number[];
  readonly records: readonly number[];
}

/** Number of the field of a message that has its content. */
export const HEADER = 2;

/** Numbers of the footer's fields. */
export const FOOTER = { schema: 1, dictionaries: 2, records: 3 } as const;

/** True for the beginning of a file, not of a stream. */
export function isArrowFile(head: Uint8Array): boolean {
  return hasBytes(head, [...MAGIC]);
}

/** True for the beginning of a stream: the message of a schema. */
export function isArrowStream(head: Uint8Array): boolean {
  if (!hasBytes(head, [0xff, 0xff, 0xff, 0xff])) return false;
  try {
    const { buffer, byteOffset, length } = head;
    const bytes = Buffer.from(buffer, byteOffset, length);
    const root = rootTable(bytes.subarray(8, 8 + bytes.readUInt32LE(4)));
    return root.number(1, 1) === SCHEMA && root.table(2)?.tables(1) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Reads the message at a place; undefined at the end of a stream.
 * @throws Failure FORMAT_INVALID, or RangeError, where there is none; what reading throws.
 */
export async function messageAt(read: Slice, at: number): Promise<Message | undefined> {
  const prefix = Buffer.from(await read(at, at + 8));
  // A stream may end without a mark, and old ones have none of four bytes at its beginning.
  if (prefix.length < 4) return undefined;
  const isMarked = prefix.readUInt32LE(0) === CONTINUATION;
  const length = prefix.readUInt32LE(isMarked ? 4 : 0);
  if (length === 0) return undefined;
  if (length > MAX_METADATA_BYTES) throw invalid(`a message of ${length} bytes`);
  const start = isMarked ? 8 : 4;
  const bytes = Buffer.from(await read(at, at + start + length));
  if (bytes.length < start + length) throw invalid("it is cut off");
  const root = rootTable(bytes.subarray(start));
  const header = root.table(HEADER);
  const bodyBytes = root.number(3, 8);
  if (header === undefined || bodyBytes < 0) throw invalid("a message without content");
  return { bytes, root, kind: root.number(1, 1), header, bodyAt: at + bytes.length, bodyBytes };
}

/**
 * Reads the footer of a file.
 * @throws Failure FORMAT_INVALID, or RangeError, where there is none; what reading throws.
 */
export async function readFooter(read: Slice, size: number): Promise<Footer> {
  const tail = Buffer.from(await read(Math.max(0, size - 10), size));
  if (!hasBytes(tail, [...MAGIC], 4)) throw invalid("it does not end with ARROW1");
  const length = tail.readUInt32LE(0);
  if (length > Math.min(MAX_METADATA_BYTES, size)) throw invalid(`a footer of ${length} bytes`);
  const bytes = Buffer.from(await read(size - 10 - length, size - 10));
  const root = rootTable(bytes);
  const places = (field: number) =>
    root.structs(field, BLOCK_BYTES).map((block) => Number(block.readBigInt64LE(0)));
  const [dictionaries, records] = [places(FOOTER.dictionaries), places(FOOTER.records)];
  return { bytes, root, dictionaries, records };
}

/**
 * The messages of a stream from its schema on; those of a file by its footer: dictionaries, then
 * rows.
 * @throws as `messageAt`
 */
export async function* messagesOf(
  read: Slice,
  footer: Footer | undefined,
): AsyncGenerator<Message, void, void> {
  if (footer === undefined) return yield* messagesOfStream(read);
  for (const at of [...footer.dictionaries, ...footer.records]) {
    const message = await messageAt(read, at);
    if (message === undefined) throw invalid("a message is not there");
    yield message;
  }
}

async function* messagesOfStream(read: Slice): AsyncGenerator<Message, void, void> {
  for (let at = 0; ;) {
    const message = await messageAt(read, at);
    if (message === undefined) return;
    yield message;
    at = message.bodyAt + message.bodyBytes;
  }
}

/** A message in a file that is written. */
export interface Block {
  readonly at: number;
  readonly metadataBytes: number;
  readonly bodyBytes: number;
}

/** Changes the blocks that a footer tells of to fewer ones, or as many. */
export function setBlocks({ root }: Footer, field: number, blocks: readonly Block[]): void {
  const structs = root.structs(field, BLOCK_BYTES);
  for (const [i, struct] of structs.entries()) {
    struct.fill(0);
    const block = blocks[i];
    if (block === undefined) continue;
    struct.writeBigInt64LE(BigInt(block.at), 0);
    struct.writeInt32LE(block.metadataBytes, 8);
    struct.writeBigInt64LE(BigInt(block.bodyBytes), 16);
  }
  root.shorten(field, blocks.length);
}

/** The error for a file that breaks its specification. */
export function invalid(what: string): Failure {
  return new Failure("FORMAT_INVALID", `not a whole Arrow file: ${what}`);
}
