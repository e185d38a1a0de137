import yauzl, { type Entry } from "yauzl";
import { Failure, NoSample } from "../errors.ts";
import { utf8 } from "../lib/encoding.ts";
import { hasBytes } from "../lib/signature.ts";
import { streamSource } from "../lib/source.ts";
import type { Format, SampleRequest, SampleStream, SampleSummary, Source } from "../types.ts";
import { faultOf } from "./fault.ts";
import { listing } from "./listing.ts";
import { STORED, unpackBy } from "./zip-methods.ts";
import { openZip, type OpenZip } from "./zip-reader.ts";
import { writeZip, type ZipMember } from "./zip-writer.ts";

/** A zip archive: a listing and the first members, each sampled by its own format. */
export const zip: Format = {
  name: "zip",
  extensions: [".zip"],
  kind: "binary",
  matches: (head) => hasBytes(head, [0x50, 0x4b, 3, 4]) || hasBytes(head, [0x50, 0x4b, 5, 6]),
  sample: sampleZip,
};

interface SampledMember extends ZipMember {
  readonly complete: boolean;
}

async function* sampleZip(request: SampleRequest): SampleStream {
  const { source, limits, depth, signal } = request;
  const { slice, size } = source;
  if (slice === undefined || size === undefined) throw new NoSample("a zip inside a container");
  if (depth >= limits.depth) throw new NoSample(`containers nested more than ${limits.depth} deep`);

  const warnings: string[] = [];
  const members: SampledMember[] = [];
  const list = listing(limits.bytes);
  const archive = await openZip(slice, size, signal);
  let files = 0;
  try {
    for await (const entry of archive.directory.eachEntry()) {
      if (!list.add(archiveEntry(entry))) break;
      if (isDirectory(entry) || (files += 1) > limits.members) continue;
      const member = await sampleMember(request, archive, entry, warnings);
      if (member !== undefined) members.push(member);
    }
  } catch (error) {
    const fault = faultOf(error, signal);
    if (list.count() === 0) throw asNoListing(fault);
    warnings.push(`the listing ends early: ${fault}`);
  } finally {
    archive.directory.close();
  }

  yield* writeZip(list.bytes(), members);
  const isWhole = list.cut() === undefined && files === members.length;
  const complete = isWhole && members.every((member) => member.complete);
  const { entryCount: entries } = archive.directory;
  const summary = { format: "zip", rows: list.count(), entries, complete, warnings };
  return complete ? summary : { ...summary, cut: list.cut() ?? "rows" };
}

/** A sample of one member; undefined, with a warning, where it can only be listed. */
async function sampleMember(
  request: SampleRequest,
  archive: OpenZip,
  entry: Entry,
  warnings: string[],
): Promise<SampledMember | undefined> {
  const name = nameOf(entry);
  try {
    const unpacked = await unpack(archive, entry);
    try {
      const source = streamSource(name.slice(name.lastIndexOf("/") + 1), unpacked);
      const inner = { ...request, source, depth: request.depth + 1 };
      const found = await request.recognise(inner);
      const { bytes, summary } = await collect(found.format.sample(inner, found));
      const told =
        found.warning === undefined ? summary.warnings : [found.warning, ...summary.warnings];
      warnings.push(...told.map((warning) => `${name}: ${warning}`));
      return {
        name: name + (found.format.sampleExtension ?? ""),
        bytes,
        mtime: mtimeOf(entry),
        isDeflated: entry.compressionMethod !== STORED,
        complete: summary.complete,
      };
    } finally {
      await unpacked.return(undefined);
    }
  } catch (error) {
    warnings.push(`${name}: listed only: ${faultOf(error, request.signal)}`);
    return undefined;
  }
}

async function unpack(
  { directory, slice }: OpenZip,
  entry: Entry,
): Promise<AsyncGenerator<Uint8Array, unknown, void>> {
  if (entry.isEncrypted()) throw new NoSample("encrypted");
  const { fileDataStart } = await directory.readLocalFileHeaderPromise(entry, { minimal: true });
  const stored = readRange(slice, fileDataStart, fileDataStart + entry.compressedSize);
  return unpackBy(entry.compressionMethod, stored);
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

async function collect(sample: SampleStream): Promise<{ bytes: Buffer; summary: SampleSummary }> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const { value, done } = await sample.next();
    if (done === true) return { bytes: Buffer.concat(pieces), summary: value };
    pieces.push(value);
  }
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
    return utf8.decode(entry.fileNameRaw);
  } catch {
    return yauzl.getFileNameLowLevel(0, entry.fileNameRaw, [], false);
  }
}

function isDirectory(entry: Entry): boolean {
  return entry.fileNameRaw.at(-1) === 0x2f;
}

/** Nothing could be listed: because it is encrypted, or because it is broken. */
function asNoListing(fault: string): Failure | NoSample {
  if (fault.includes("encryption")) return new NoSample(fault);
  return new Failure("FORMAT_INVALID", `not a whole zip: ${fault}`);
}
