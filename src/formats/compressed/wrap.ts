import { errorMessage, Failure, NoSample } from "../../errors.ts";
import { slicesOf } from "../../lib/blocks.ts";
import { breathe } from "../../lib/breathe.ts";
import { type Source, streamSource } from "../../lib/source.ts";
import type { Format, SampleRequest, SampleStream, SampleSummary } from "../types.ts";
import { checkRatio } from "../ratio.ts";
import { sampleInside } from "../sample-with.ts";
import { isNamedHeader } from "../tar/header.ts";
import { type Compression, innerName, isDamage } from "./compression.ts";

/**
 * Bytes of a slice of input: with slices, what was read before an error does not depend on the
 * chunk borders.
 */
const SLICE_BYTES = 8 * 1024;

/** A compression around one of the other formats: decompressed, sampled, compressed again. */
export function compressedFormat(compression: Compression): Format {
  const { name, extensions } = compression;
  return {
    name,
    extensions,
    kind: "binary",
    packs: true,
    matches: (head) => compression.matches(head),
    sample: (request) => unpackAndSample(request, compression, true),
    draw: async () => "it is compressed, and cannot be read from the middle",
  };
}

/** A compression around a tar: its sample is a listing, which stays as it is. */
export function compressedTar(compression: Compression): Format {
  return {
    name: tarName(compression.name),
    extensions: compression.tarExtensions,
    kind: "binary",
    packs: true,
    sampleExtension: ".txt",
    matches: (head) => compression.matches(head) && holdsTar(compression.start(head)),
    sample: (request) => unpackAndSample(request, compression, false),
  };
}

/** A compression around a tar whose members are sampled: that tar is compressed again. */
export function compressedTarWithMembers(compression: Compression): Format {
  const { sampleExtension: _, ...format } = compressedTar(compression);
  return { ...format, sample: (request) => unpackAndSample(request, compression, true) };
}

/** The name of the format for a tar inside a compression. */
export function tarName(compression: string): string {
  return `tar.${compression}`;
}

function holdsTar(inner: Uint8Array | undefined): boolean {
  return inner !== undefined && isNamedHeader(inner);
}

async function* unpackAndSample(
  request: SampleRequest,
  compression: Compression,
  again: boolean,
): SampleStream {
  const { limits, depth } = request;
  if (depth >= limits.depth) throw new NoSample(`containers nested more than ${limits.depth} deep`);
  const faults: string[] = [];
  const unpacked = decompressed(compression, request, faults);
  try {
    const inner = {
      ...request,
      source: streamSource(
        innerName(compression, request.source.name, request.extensions),
        unpacked,
      ),
      depth: depth + 1,
    };
    const found = await request.recognise(inner);
    const sample = sampleInside(found, inner);
    const kind = await kindOf(compression, request.source);
    const summary = again ? yield* compressed(kind, sample) : yield* sample;
    const { format, complete, warnings, ...facts } = summary;
    return {
      ...facts,
      format: `${format}.${kind.name}`,
      complete: complete && faults.length === 0,
      warnings: [...faults, ...warnings],
    };
  } finally {
    await unpacked.return(undefined);
  }
}

/**
 * Yields the content of a source, all its members. What arrives before damage is kept; what is
 * missing, there or at the end, is noted among the faults.
 * @throws Failure FORMAT_INVALID when nothing arrives, LIMIT_EXCEEDED for a bomb.
 */
async function* decompressed(
  { name, decompress }: Compression,
  { source, limits, alone }: SampleRequest,
  faults: string[],
): AsyncGenerator<Uint8Array, void, void> {
  const read = { bytes: 0 };
  let bytes = 0;
  const unpacked = decompress(counted(slicesOf(source.stream(), SLICE_BYTES), read), alone);
  try {
    for (;;) {
      const { value, done } = await unpacked.next();
      if (done === true) {
        const rest = (source.size ?? 0) - value;
        if (rest > 0) faults.push(`${rest} bytes after the end of the ${name} data were left out`);
        return;
      }
      bytes += value.length;
      checkRatio(bytes, read.bytes, limits);
      yield value;
      await breathe();
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    const damage = `damaged or truncated ${name}: ${errorMessage(error)}`;
    if (bytes === 0) throw new Failure("FORMAT_INVALID", damage, { cause: error });
    faults.push(`${damage}; what came before is kept`);
  } finally {
    await unpacked.return(0);
  }
}

async function* counted(
  slices: AsyncIterable<Uint8Array>,
  read: { bytes: number },
): AsyncGenerator<Uint8Array, void, void> {
  for await (const slice of slices) {
    read.bytes += slice.length;
    yield slice;
  }
}

/** The kind that a source is of, or the compression itself. */
async function kindOf(
  compression: Compression,
  source: Source,
): Promise<Pick<Compression, "name" | "compress">> {
  for (const kind of compression.kinds ?? []) if (await kind.isKind(source)) return kind;
  return compression;
}

async function* compressed(
  { compress }: Pick<Compression, "compress">,
  sample: SampleStream,
): SampleStream {
  const holder = { summary: undefined as SampleSummary | undefined };
  yield* compress(remember(sample, holder));
  return holder.summary as SampleSummary;
}

async function* remember(
  sample: SampleStream,
  holder: { summary: SampleSummary | undefined },
): AsyncGenerator<Uint8Array, void, void> {
  holder.summary = yield* sample;
}
