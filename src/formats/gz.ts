import { createGzip } from "node:zlib";
import { NoSample } from "../errors.ts";
import { hasBytes } from "../lib/signature.ts";
import { streamSource } from "../lib/source.ts";
import { through } from "../lib/through.ts";
import type { Format, SampleRequest, SampleStream, SampleSummary } from "../types.ts";
import { gunzip, gunzipStart } from "./gunzip.ts";
import { isNamedHeader } from "./tar-header.ts";

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
  const inner = isGzip(head) ? gunzipStart(head.subarray(0, TAR_HEAD_BYTES)) : undefined;
  return inner !== undefined && isNamedHeader(inner);
}

async function* sampleGz(request: SampleRequest, again: boolean): SampleStream {
  const { source, limits, depth } = request;
  if (depth >= limits.depth) throw new NoSample(`containers nested more than ${limits.depth} deep`);
  const warnings: string[] = [];
  const unpacked = gunzip(source, limits, warnings);
  try {
    const inner = {
      ...request,
      source: streamSource(innerName(source.name), unpacked),
      depth: depth + 1,
    };
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

function innerName(name: string): string {
  return name.replace(/\.tgz$/i, ".tar").replace(/\.gz$/i, "");
}
