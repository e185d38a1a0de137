import { createInflateRaw } from "node:zlib";
import yauzl, { type Entry, type ZipFile } from "yauzl";
import yazl from "yazl";
import { errorMessage, Failure, NoSample } from "../errors.ts";
import { hasBytes } from "../lib/signature.ts";
import { streamSource } from "../lib/source.ts";
import { through } from "../lib/through.ts";
import type { Format, SampleRequest, SampleStream, SampleSummary, Source } from "../types.ts";
import { listing } from "./listing.ts";
import { openZip } from "./zip-reader.ts";

const STORED = 0;
const DEFLATED = 8;
/** The last second a zip's extended timestamp can hold. */
const MAX_MTIME = 0x7fffffff;
const LISTING_NAME = "_manifest.txt";

/** A zip archive: a listing and the first members, each sampled by its own format. */
export const zip: Format = {
  name: "zip",
  extensions: [".zip"],
  kind: "binary",
  matches: (head) => hasBytes(head, [0x50, 0x4b, 3, 4]) || hasBytes(head, [0x50, 0x4b, 5, 6]),
  sample: sampleZip,
};

interface Member {
  readonly name: string;
  readonly bytes: Buffer;
  readonly entry: Entry;
  readonly complete: boolean;
}

async function* sampleZip(request: SampleRequest): SampleStream {
  const { source, limits, depth } = request;
  const { slice, size } = source;
  if (slice === undefined || size === undefined) throw new NoSample("a zip inside a container");
  if (depth >= limits.depth) throw new NoSample(`containers nested more than ${limits.depth} deep`);

  const warnings: string[] = [];
  const members: Member[] = [];
  const list = listing(limits.bytes);
  const archive = await openZip(slice, size);
  let files = 0;
  try {
    for await (const entry of archive.eachEntry()) {
      if (!list.add(archiveEntry(entry))) break;
      if (isDirectory(entry) || (files += 1) > limits.members) continue;
      const member = await sampleMember(request, archive, slice, entry, warnings);
      if (member !== undefined) members.push(member);
    }
  } catch (error) {
    if (error instanceof Failure || list.count() === 0) throw asInvalid(error);
    warnings.push(`the listing ends early: ${errorMessage(error)}`);
  } finally {
    archive.close();
  }

  yield* pack(list.bytes(), members);
  const whole = list.cut() === undefined && files === members.length;
  const complete = whole && members.every((member) => member.complete);
  const summary = { format: "zip", rows: list.count(), entries: archive.entryCount, warnings };
  return complete
    ? { ...summary, complete }
    : { ...summary, complete, cut: list.cut() ?? ("rows" as const) };
}

async function sampleMember(
  request: SampleRequest,
  archive: ZipFile,
  slice: NonNullable<Source["slice"]>,
  entry: Entry,
  warnings: string[],
): Promise<Member | undefined> {
  const name = nameOf(entry);
  try {
    if (entry.isEncrypted()) throw new NoSample("encrypted");
    const { fileDataStart } = await archive.readLocalFileHeaderPromise(entry, { minimal: true });
    const stored = readRange(slice, fileDataStart, fileDataStart + entry.compressedSize);
    const inner = streamSource(name.slice(name.lastIndexOf("/") + 1), decoded(entry, stored));
    const innerRequest = { ...request, source: inner, depth: request.depth + 1 };
    const found = await request.recognise(innerRequest);
    const { bytes, summary } = await collect(found.format.sample(innerRequest, found));
    warnings.push(...summary.warnings.map((warning) => `${name}: ${warning}`));
    const extension = found.format.sampleExtension ?? "";
    return { name: safeName(name) + extension, bytes, entry, complete: summary.complete };
  } catch (error) {
    if (error instanceof Failure && error.code !== "FORMAT_INVALID") throw error;
    warnings.push(`${name}: listed only: ${errorMessage(error)}`);
    return undefined;
  }
}

function decoded(
  entry: Entry,
  stored: AsyncGenerator<Uint8Array, void, void>,
): AsyncGenerator<Uint8Array, void, void> {
  if (entry.compressionMethod === STORED) return stored;
  if (entry.compressionMethod === DEFLATED) return through(stored, createInflateRaw());
  throw new NoSample(`compression method ${entry.compressionMethod}`);
}

async function* readRange(
  slice: NonNullable<Source["slice"]>,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, void> {
  const step = 64 * 1024;
  for (let at = start; at < end; at += step) {
    const chunk = await slice(at, Math.min(at + step, end));
    if (chunk.length === 0) return;
    yield chunk;
  }
}

async function collect(
  sample: SampleStream,
): Promise<{ bytes: Buffer; summary: SampleSummary }> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const { value, done } = await sample.next();
    if (done === true) return { bytes: Buffer.concat(pieces), summary: value };
    pieces.push(value);
  }
}

/** Writes the sample archive; its times are the members', so the same input gives the same bytes. */
async function* pack(list: Uint8Array, members: readonly Member[]): AsyncGenerator<Uint8Array, void, void> {
  const archive = new yazl.ZipFile();
  const used = new Set([LISTING_NAME]);
  archive.addBuffer(Buffer.from(list), LISTING_NAME, { mtime: new Date(0) });
  for (const { name, bytes, entry } of members) {
    const unique = used.has(name) ? `${name}~${used.size}` : name;
    used.add(unique);
    archive.addBuffer(bytes, unique, {
      mtime: new Date(Math.min(Math.max(mtimeOf(entry), 0), MAX_MTIME) * 1000),
      compress: entry.compressionMethod !== STORED,
    });
  }
  archive.end();
  for await (const chunk of archive.outputStream) yield chunk as Buffer;
}

function archiveEntry(entry: Entry): { name: Uint8Array; size: number; mtime: number } {
  const name = Buffer.from(nameOf(entry));
  return { name, size: entry.uncompressedSize, mtime: mtimeOf(entry) };
}

/** Seconds since epoch; a time without a zone is taken as UTC. */
function mtimeOf(entry: Entry): number {
  const ms = entry.getLastModDate({ timezone: "UTC" }).getTime();
  return Number.isNaN(ms) ? 0 : ms / 1000;
}

/** UTF-8 where the bytes are UTF-8, else code page 437, whatever the flag says. */
function nameOf(entry: Entry): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(entry.fileNameRaw);
  } catch {
    return yauzl.getFileNameLowLevel(0, entry.fileNameRaw, [], false);
  }
}

/** A name that stays inside whatever folder the sample is unpacked into. */
function safeName(name: string): string {
  const parts = name.replaceAll("\\", "/").replace(/^[a-zA-Z]:/, "").split("/");
  return parts
    .filter((part) => part !== "" && part !== ".")
    .map((part) => (part === ".." ? "_" : part.replaceAll("\0", "_")))
    .join("/");
}

function isDirectory(entry: Entry): boolean {
  return entry.fileNameRaw.at(-1) === 0x2f;
}

function asInvalid(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure("FORMAT_INVALID", `not a whole zip: ${errorMessage(error)}`, { cause: error });
}
