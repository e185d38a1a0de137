import { createGunzip, createGzip } from "node:zlib";
import { errorCode, errorMessage, Failure, NoSample } from "../errors.ts";
import { hasBytes } from "../lib/signature.ts";
import { streamSource } from "../lib/source.ts";
import { through } from "../lib/through.ts";
import type { Format, Limits, SampleRequest, SampleStream, SampleSummary, Source } from "../types.ts";

/** Below this many decompressed bytes no ratio is a bomb. */
const HARMLESS_BYTES = 8 * 1024 * 1024;

/** A gzip around one of the other formats: decompressed, sampled, compressed again (RFC 1952). */
export const gz: Format = {
  name: "gz",
  extensions: [".gz", ".tgz"],
  kind: "binary",
  matches: (head) => hasBytes(head, [0x1f, 0x8b, 0x08]),
  sample: sampleGz,
};

async function* sampleGz(request: SampleRequest): SampleStream {
  const { source, limits, depth } = request;
  if (depth >= limits.depth) throw new NoSample(`containers nested more than ${limits.depth} deep`);
  const warnings: string[] = [];
  const inner = streamSource(innerName(source.name), gunzip(source, limits, warnings));
  const innerRequest = { ...request, source: inner, depth: depth + 1 };
  const found = await request.recognise(innerRequest);
  const sample = found.format.sample(innerRequest, found);

  let summary: SampleSummary;
  if (found.format.sampleExtension === undefined) {
    const holder = { summary: undefined as SampleSummary | undefined };
    yield* through(remember(sample, holder), createGzip());
    summary = holder.summary as SampleSummary;
  } else {
    summary = yield* sample;
  }
  if (found.warning !== undefined) warnings.push(found.warning);
  return {
    ...summary,
    format: `${summary.format}.gz`,
    warnings: [...warnings, ...summary.warnings],
  };
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
