import { Failure, NoSample } from "../../errors.ts";
import { cachedSlice, sliceWithHead } from "../../lib/blocks.ts";
import type { Limits } from "../../lib/limits.ts";
import type { Cut } from "../../lib/records.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Source } from "../../lib/source.ts";
import { faultOf } from "../fault.ts";
import type { SampleRequest, SampleStream } from "../types.ts";
import { seekable } from "../seekable.ts";
import { openBuffers } from "./buffers.ts";
import { cutBatch, type CutBatch, type BatchSource } from "./cut.ts";
import type { Table } from "./flatbuffer.ts";
import { layoutsOf } from "./layout.ts";
import {
  type Block,
  DICTIONARY,
  type Footer,
  FOOTER,
  HEADER,
  invalid,
  isArrowFile,
  MAGIC,
  type Message,
  messageAt,
  messagesOf,
  readFooter,
  RECORDS,
  SCHEMA,
  setBlocks,
  START_BYTES,
} from "./messages.ts";
import { writeBatch } from "./write.ts";

type Slice = NonNullable<Source["slice"]>;

/** Messages that are looked at, at most: batches may have no rows. */
const MAX_MESSAGES = 10_000;
/** Feather before its second version, which is Arrow's file. */
const FEATHER_1 = [0x46, 0x45, 0x41, 0x31];
/** Version 4 of the metadata (Schema.fbs, `MetadataVersion`), the last before 1.0. */
const V4 = 3;

/** The first rows of an Arrow file or stream. */
export async function* sampleArrow(request: SampleRequest): SampleStream {
  const { limits, signal } = request;
  const source = await seekable(request.source, "Arrow");
  const { slice, size } = source;
  const head = await source.head();
  if (hasBytes(head, FEATHER_1)) throw new NoSample("Feather 1");
  const read = cachedSlice(sliceWithHead(head, slice));
  const sample = startSample(limits);
  const warnings: string[] = [];
  let footer: Footer | undefined;
  try {
    footer = isArrowFile(head) ? await readFooter(read, size) : undefined;
    if (footer !== undefined) sample.start(footer.root, await schemaMessage(read, signal));
    for await (const message of messagesOf(read, footer)) {
      if (!(await sample.add(read, message))) break;
    }
  } catch (error) {
    if (error instanceof NoSample || (error instanceof Failure && error.code === "LIMIT_EXCEEDED"))
      throw error;
    const fault = error instanceof RangeError ? error.message : faultOf(error, signal);
    if (sample.rows() === 0) throw error instanceof Failure ? error : invalid(fault);
    warnings.push(`damaged or truncated: ${fault}`);
  }
  yield* sample.pieces(footer);
  const cut = sample.cut();
  const complete = cut === undefined && warnings.length === 0;
  const summary = { format: "arrow", rows: sample.rows(), complete, warnings };
  return cut === undefined ? summary : { ...summary, cut };
}

/**
 * The message of a file's schema, where it stands at its place. Readers take the schema from the
 * footer, and some writers leave the message out.
 */
async function schemaMessage(read: Slice, signal: AbortSignal): Promise<Message | undefined> {
  try {
    const message = await messageAt(read, START_BYTES);
    return message?.kind === SCHEMA ? message : undefined;
  } catch (error) {
    faultOf(error, signal);
    return undefined;
  }
}

/** A sample that is made, message by message. */
interface ArrowSample {
  /** Takes the schema that a message or footer has, and writes the message of one. */
  start(root: Table, message: Message | undefined): void;
  /** Adds a message, or as much of it as there is room for; false where no more is wanted. */
  add(read: Slice, message: Message): Promise<boolean>;
  rows(): number;
  cut(): Cut | undefined;
  /** The sample's bytes: a file with this footer, or a stream. */
  pieces(footer: Footer | undefined): Generator<Uint8Array, void, void>;
}

function startSample(limits: Limits): ArrowSample {
  const written: { readonly kind: number; readonly metadata: Buffer; readonly body: Buffer }[] = [];
  let schema: Pick<BatchSource, "layouts" | "isBigEndian" | "isOld"> | undefined;
  let rows = 0;
  let room = limits.bytes;
  let roomForDictionaries = limits.recordBytes;
  let cut: Cut | undefined;

  return { start, add, rows: () => rows, cut: () => cut, pieces };

  function start(root: Table, message: Message | undefined): void {
    const header = root.table(message?.root === root ? HEADER : FOOTER.schema);
    if (header === undefined) throw invalid("it has no schema");
    const isOld = root.number(0, 2) <= V4;
    schema = { layouts: layoutsOf(header), isBigEndian: header.number(0, 2) === 1, isOld };
    if (message === undefined) return;
    written.push({ kind: SCHEMA, metadata: message.bytes, body: Buffer.alloc(0) });
  }

  async function add(read: Slice, message: Message): Promise<boolean> {
    const { kind, bytes: metadata, root } = message;
    if (written.length >= MAX_MESSAGES) {
      throw new Failure("LIMIT_EXCEEDED", `more than ${MAX_MESSAGES} messages`);
    }
    if (kind === SCHEMA) start(root, message);
    else if (kind === DICTIONARY) {
      written.push({ kind, metadata, body: await dictionary(read, message) });
    } else if (kind === RECORDS) await addRows(read, message);
    else throw invalid(`a message of the kind ${kind}`);
    return cut === undefined;
  }

  async function dictionary(read: Slice, { bodyAt, bodyBytes }: Message): Promise<Buffer> {
    roomForDictionaries -= bodyBytes;
    if (roomForDictionaries < 0) {
      throw new NoSample(`its dictionaries are larger than ${limits.recordBytes} bytes`);
    }
    const body = Buffer.from(await read(bodyAt, bodyAt + bodyBytes));
    if (body.length < bodyBytes) throw invalid("a dictionary is cut off");
    return body;
  }

  async function addRows(read: Slice, message: Message): Promise<void> {
    if (schema === undefined) throw invalid("rows before a schema");
    const buffers = openBuffers(read, message, limits);
    const all = message.header.number(0, 8);
    const wanted = Math.min(all, limits.rows - rows);
    if (wanted > 0 || all === 0) {
      const fitting = await fit({ ...schema, message, buffers }, wanted);
      if (fitting !== undefined) {
        const [batch, count] = fitting;
        const { metadata, body } = writeBatch(message, count, batch, buffers);
        written.push({ kind: RECORDS, metadata, body });
        rows += count;
        room -= batch.bytes;
        if (count === all) return;
      }
    }
    cut = rows < limits.rows ? "bytes" : "rows";
  }

  /** As many rows of a batch as there is room for, up to those that are wanted. */
  async function fit(
    batch: BatchSource,
    wanted: number,
  ): Promise<readonly [CutBatch, number] | undefined> {
    for (let count = wanted; ; count = Math.floor(count / 2)) {
      const isFirst = rows === 0 && count <= 1;
      const found = await cutBatch(batch, count, isFirst ? limits.recordBytes : room);
      if (found !== undefined) return [found, count];
      if (isFirst) throw new NoSample(`a row is larger than ${limits.recordBytes} bytes`);
      if (count <= 1) return undefined;
    }
  }

  function* pieces(footer: Footer | undefined): Generator<Uint8Array, void, void> {
    const blocks: Record<number, Block[]> = { [DICTIONARY]: [], [RECORDS]: [] };
    let at = 0;
    if (footer !== undefined) {
      yield Buffer.concat([MAGIC, Buffer.alloc(START_BYTES - MAGIC.length)]);
      at = START_BYTES;
    }
    for (const { kind, metadata, body } of written) {
      yield metadata;
      yield body;
      blocks[kind]?.push({ at, metadataBytes: metadata.length, bodyBytes: body.length });
      at += metadata.length + body.length;
    }
    // Before version 0.15 nothing marked a message, and four zeros were the end.
    const isMarked = written[0]?.metadata.readUInt32LE(0) === 0xffffffff;
    yield Buffer.from(isMarked ? "ffffffff00000000" : "00000000", "hex");
    if (footer === undefined) return;
    setBlocks(footer, FOOTER.dictionaries, blocks[DICTIONARY] ?? []);
    setBlocks(footer, FOOTER.records, blocks[RECORDS] ?? []);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.bytes.length);
    yield Buffer.concat([footer.bytes, length, MAGIC]);
  }
}
