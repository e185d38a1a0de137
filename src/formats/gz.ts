import { constants, createGunzip, createGzip, gunzipSync } from "node:zlib";
import { errorCode, errorMessage, Failure, NoSample } from "../errors.ts";
import { hasBytes } from "../lib/signature.ts";
import { streamSource } from "../lib/source.ts";
import { through } from "../lib/through.ts";
import type { Format, Limits, SampleRequest, SampleStream, SampleSummary, Source } from "../types.ts";
import { isNamedHeader } from "./tar-header.ts";

/** Below this many decompressed bytes no ratio is a bomb. */
const HARMLESS_BYTES = 8 * 1024 * 1024;
/** Compressed bytes that are certain to hold the first tar header, save for a huge gzip header. */
const TAR_HEAD_BYTES = 4096;

/** A gzip around one of the other formats: decompressed, sampled, compressed again (RFC 1952). */
export const gz: Format = {
  name: "gz",
  extensions: [".gz"],
  kind: "binary",
  matches: isGzip,
  sample: (request) => sampleGz(request, true),
};

/** A gzip around a tar: its sample is a listing, which stays as it is. */
export const tarGz: Format = {
  name: "tar.gz",
  extensions: [".tar.gz", ".tgz"],
  kind: "binary",
  sampleExtension: ".txt",
  matches: holdsTar,
  sample: (request) => sampleGz(request, false),
};

function isGzip(head: Uint8Array): boolean {
  return hasBytes(head, [0x1f, 0x8b, 0x08]);
}

function holdsTar(head: Uint8Array): boolean {
  if (!isGzip(head)) return false;
  try {
    const options = { finishFlush: constants.Z_SYNC_FLUSH };
    return isNamedHeader(gunzipSync(head.subarray(0, TAR_HEAD_BYTES), options));
  } catch {
    return false;
  }
}

async function* sampleGz(request: SampleRequest, again: boolean): SampleStream {
  const { source, limits, depth } = request;
  if (depth >= limits.depth) throw new NoSample(`containers nested more than ${limits.depth} deep`);
  const warnings: string[] = [];
  const unpacked = gunzip(source, limits, warnings);
  try {
    const inner = { ...request, source: streamSource(innerName(source.name), unpacked), depth: depth + 1 };
    const found = await request.recognise(inner);
    const sample = found.format.sample(inner, found);
    const summary = again ? yield* compressed(sample) : yield* sample;
    if (found.warning !== undefined) warnings.push(found.warning);
    return {
      ...summary,
      format: `${summary.format}.gz`,
      warnings: [...warnings, ...summary.warnings],
    };
  } finally {
    await unpacked.return(undefined);
  }
}

async function* compressed(sample: SampleStream): SampleStream {
  const holder = { summary: undefined as SampleSummary | undefined };
  yield* through(remember(sample, holder), createGzip());
  return holder.summary as SampleSummary;
}

async function* remember(
  sample: SampleStream,
  holder: { summary: SampleSummary | undefined },
): AsyncGenerator<Uint8Array, void, void> {
  holder.summary = yield* sample;
}

/** Yields what a gzip holds, all its members; what arrives before damage is kept and warned of. */
async function* gunzip(
  source: Source,
  limits: Limits,
  warnings: string[],
): AsyncGenerator<Uint8Array, void, void> {
  const transform = createGunzip();
  let bytes = 0;
  try {
    for await (const chunk of through(source.stream(), transform)) {
      bytes += chunk.length;
      checkRatio(bytes, transform.bytesWritten, limits);
      yield chunk;
    }
    const rest = (source.size ?? 0) - transform.bytesWritten;
    if (rest > 0) warnings.push(`${rest} bytes after the end of the gzip data were left out`);
  } catch (error) {
    if (errorCode(error)?.startsWith("Z_") !== true) throw error;
    const damage = `damaged or truncated gzip: ${errorMessage(error)}`;
    if (bytes === 0) throw new Failure("FORMAT_INVALID", damage, { cause: error });
    warnings.push(`${damage}; what came before is kept`);
  }
}

function checkRatio(bytes: number, compressed: number, { ratio }: Limits): void {
  if (bytes <= HARMLESS_BYTES || bytes <= ratio * compressed) return;
  throw new Failure("LIMIT_EXCEEDED", `decompresses to more than ${ratio} times its size`);
}

function innerName(name: string): string {
  return name.replace(/\.tgz$/i, ".tar").replace(/\.gz$/i, "");
}
