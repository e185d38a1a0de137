import { crc32 } from "node:zlib";
import { NoSample } from "../../errors.ts";
import { streamSource } from "../../lib/source.ts";
import type { Cut } from "../../lib/records.ts";
import type { Limits } from "../../lib/limits.ts";
import type { SampleRequest, SampleStream, SampleSummary } from "../types.ts";
import { faultOf } from "../fault.ts";
import { checkRatio } from "../ratio.ts";
import { STORED, unpackBy } from "./methods.ts";
import type { OpenZip, ZipEntry } from "./reader.ts";
import type { ZipMember } from "./writer.ts";

/** The sample of a member. */
export interface SampledMember extends ZipMember {
  readonly complete: boolean;
  readonly cut: Cut | undefined;
}

/** Files that macOS and Windows put beside people's own. */
const bySystem = /(^|\/)(__MACOSX\/.*|\.DS_Store|\._[^/]*|Thumbs\.db|desktop\.ini)$/i;

/** True for a file that the system left there, and that nobody meant to pack. */
export function isLeftBySystem({ name }: ZipEntry): boolean {
  return bySystem.test(name);
}

/** True when an entry is a directory. */
export function isDirectory({ name }: ZipEntry): boolean {
  return name.endsWith("/");
}

/**
 * A sample of one member; undefined, with a warning, where it can only be listed.
 * @throws what is not the file's fault
 */
export async function sampleMember(
  request: SampleRequest,
  archive: OpenZip,
  entry: ZipEntry,
  warnings: string[],
): Promise<SampledMember | undefined> {
  const { name, mtime, method } = entry;
  const read: Read = { bytes: 0, crc32: 0, isWhole: false };
  try {
    const unpacked = unpack(archive, entry, request.limits, read);
    try {
      const source = streamSource(name.slice(name.lastIndexOf("/") + 1), unpacked);
      const inner = { ...request, source, depth: request.depth + 1 };
      const found = await request.recognise(inner);
      const { bytes, summary } = await collect(found.format.sample(inner, found));
      const damage = damageOf(entry, read);
      const told = [found.warning, ...summary.warnings, damage].filter((one) => one !== undefined);
      warnings.push(...told.map((warning) => `${name}: ${warning}`));
      return {
        name: name + (found.format.sampleExtension ?? ""),
        bytes,
        mtime,
        isDeflated: method !== STORED,
        complete: summary.complete && damage === undefined,
        cut: summary.cut,
      };
    } finally {
      await unpacked.return(undefined);
    }
  } catch (error) {
    warnings.push(`${name}: listed only: ${faultOf(error, request.signal)}`);
    return undefined;
  }
}

/** The part of a member's data that was read. */
interface Read {
  bytes: number;
  crc32: number;
  isWhole: boolean;
}

async function* unpack(
  archive: OpenZip,
  entry: ZipEntry,
  limits: Limits,
  read: Read,
): AsyncGenerator<Uint8Array, void, void> {
  if (entry.isEncrypted) throw new NoSample("encrypted");
  const stored = { bytes: 0 };
  for await (const chunk of unpackBy(entry.method, counted(archive.stored(entry), stored))) {
    read.bytes += chunk.length;
    read.crc32 = crc32(chunk, read.crc32);
    checkRatio(read.bytes, stored.bytes, limits);
    yield chunk;
  }
  read.isWhole = true;
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  stored: { bytes: number },
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of chunks) {
    stored.bytes += chunk.length;
    yield chunk;
  }
}

/**
 * The damage of a member; undefined where none was found. The checksum covers all bytes: it says
 * nothing of a member that was read in part.
 */
function damageOf(entry: ZipEntry, read: Read): string | undefined {
  if (!read.isWhole || read.crc32 === entry.crc32) return undefined;
  return `damaged: its ${read.bytes} bytes do not have the CRC-32 of the archive`;
}

async function collect(sample: SampleStream): Promise<{ bytes: Buffer; summary: SampleSummary }> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const { value, done } = await sample.next();
    if (done === true) return { bytes: Buffer.concat(pieces), summary: value };
    pieces.push(value);
  }
}
