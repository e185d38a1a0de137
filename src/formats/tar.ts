import { once } from "node:events";
import { extract, type Header } from "tar-stream";
import { errorMessage, Failure } from "../errors.ts";
import type { Format, SampleRequest, SampleStream, Source } from "../types.ts";
import { type ArchiveEntry, listing } from "./listing.ts";
import { BLOCK_BYTES, isHeader, parseHeader, parsePax, paxNumber } from "./tar-header.ts";

/** Long names and pax records above this are refused: they are held in memory. */
const MAX_EXTENSION_BYTES = 1024 * 1024;
/** Old formats too, and names as the bytes they are; tar-stream's types know neither option. */
const PARSER_OPTIONS: object = { allowUnknownFormat: true, filenameEncoding: "latin1" };
/** Read at once where small members follow each other. */
const WINDOW_BYTES = 32 * 1024;

/** A tar archive: its sample is the list of what is in it. */
export const tar: Format = {
  name: "tar",
  extensions: [".tar"],
  kind: "binary",
  sampleExtension: ".txt",
  matches: isHeader,
  sample: sampleTar,
};

async function* sampleTar({ source, limits }: SampleRequest): SampleStream {
  const warnings: string[] = [];
  const list = listing(limits.bytes);
  const entries = source.slice === undefined ? readEntries(source) : seekEntries(source, source.slice);
  try {
    for await (const entry of entries) if (!list.add(entry)) break;
  } catch (error) {
    if (list.count() === 0) throw error;
    warnings.push(`the listing ends early: ${errorMessage(error)}`);
  }
  yield list.bytes();
  const cut = list.cut();
  const summary = { format: "tar", rows: list.count(), complete: cut === undefined, warnings };
  return cut === undefined ? summary : { ...summary, cut };
}

/** Walks an archive from header to header; data is stepped over, not read. */
async function* seekEntries(
  source: Source,
  slice: NonNullable<Source["slice"]>,
): AsyncGenerator<ArchiveEntry, void, void> {
  let at = 0;
  let globals = new Map<string, Uint8Array>();
  let pax = globals;
  let longName: Uint8Array | undefined;
  const blockAt = headerReader(slice);
  for (;;) {
    const block = await blockAt(at);
    if (block.length === 0 || isEndOfArchive(block)) return;
    const header = parseHeader(block);
    if (header === undefined) throw invalid(`no tar header at byte ${at}`);
    const data = at + BLOCK_BYTES;
    if (/[LKxg]/.test(header.type)) {
      const body = await extension(slice, data, header.size);
      if (header.type === "L") longName = body.subarray(0, endOf(body));
      else if (header.type === "g") pax = globals = new Map([...globals, ...parsePax(body)]);
      else if (header.type === "x") pax = new Map([...globals, ...parsePax(body)]);
      at = next(data, header.size);
      continue;
    }
    const stored = paxNumber(pax, "size") ?? (isWithoutData(header.type) ? 0 : header.size);
    if (!(stored >= 0)) throw invalid(`an impossible size at byte ${at}`);
    yield {
      name: pax.get("GNU.sparse.name") ?? pax.get("path") ?? longName ?? header.name,
      size: paxNumber(pax, "GNU.sparse.realsize") ?? paxNumber(pax, "GNU.sparse.size") ?? stored,
      mtime: paxNumber(pax, "mtime") ?? header.mtime,
    };
    pax = globals;
    longName = undefined;
    at = next(data, stored);
    if (source.size !== undefined && data + stored > source.size) {
      throw invalid(`the archive is cut off at byte ${source.size}`);
    }
  }
}

/** Reads single blocks while members are large, and a window of them where headers are near. */
function headerReader(
  slice: NonNullable<Source["slice"]>,
): (at: number) => Promise<Uint8Array> {
  let start = 0;
  let window: Uint8Array = new Uint8Array();
  return async (at) => {
    const near = at - (start + window.length) < WINDOW_BYTES;
    if (at < start || at + BLOCK_BYTES > start + window.length) {
      window = await slice(at, at + (near ? WINDOW_BYTES : BLOCK_BYTES));
      start = at;
    }
    return window.subarray(at - start, at - start + BLOCK_BYTES);
  };
}

async function extension(
  slice: NonNullable<Source["slice"]>,
  start: number,
  size: number,
): Promise<Uint8Array> {
  if (!(size >= 0 && size <= MAX_EXTENSION_BYTES)) {
    throw new Failure("LIMIT_EXCEEDED", `a name or header of ${size} bytes at byte ${start}`);
  }
  const body = await slice(start, start + size);
  if (body.length < size) throw invalid(`the archive is cut off at byte ${start + body.length}`);
  return body;
}

/** Reads through an archive that cannot be seeked in, such as one inside a gzip. */
async function* readEntries(source: Source): AsyncGenerator<ArchiveEntry, void, void> {
  const found: ArchiveEntry[] = [];
  let failure: Error | undefined;
  const parser = extract(PARSER_OPTIONS);
  const closed = new Promise<void>((resolve) => void parser.once("close", resolve));
  parser.on("error", (error: Error) => (failure = error));
  parser.on("entry", (header, data, done) => {
    found.push(entryOf(header));
    data.on("end", done);
    data.on("error", (error: Error) => (failure = error));
    data.resume();
  });
  try {
    for await (const chunk of source.stream()) {
      if (!parser.write(chunk)) await Promise.race([once(parser, "drain"), closed]);
      yield* found.splice(0);
      if (failure !== undefined) break;
    }
    if (failure === undefined) parser.end(undefined);
    await closed;
    yield* found.splice(0);
    if (failure !== undefined) throw invalid(failure.message);
  } finally {
    parser.destroy();
  }
}

function entryOf(header: Header): ArchiveEntry {
  const pax = (header as { pax?: Record<string, string> }).pax ?? {};
  const path = pax["GNU.sparse.name"] ?? pax["path"];
  const name = path === undefined ? Buffer.from(header.name, "latin1") : Buffer.from(path);
  const size = Number(pax["GNU.sparse.realsize"] ?? pax["GNU.sparse.size"] ?? header.size ?? 0);
  return { name, size, mtime: (header.mtime?.getTime() ?? NaN) / 1000 };
}

function isWithoutData(type: string): boolean {
  return /[1-6]/.test(type);
}

function isEndOfArchive(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

function endOf(body: Uint8Array): number {
  const end = body.indexOf(0);
  return end < 0 ? body.length : end;
}

function next(start: number, size: number): number {
  return start + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}

function invalid(message: string): Failure {
  return new Failure("FORMAT_INVALID", `not a whole tar: ${message}`);
}
