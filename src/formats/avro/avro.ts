import { Failure } from "../../errors.ts";
import { type ByteReader, decodeWith } from "../../lib/byte-reader.ts";
import type { Format, SampleRequest, SampleStream, SampleSummary } from "../types.ts";
import type { Limits } from "../../lib/limits.ts";
import { type BlockReading, readBlock, readBlockStart, writeBlock } from "./blocks.ts";
import { codecOf } from "./codecs.ts";
import { isAvro, readHeader } from "./header.ts";
import { recordCutter } from "./record-cutter.ts";
import { valueScanner } from "./value-scanner.ts";

/**
 * An Avro object container file: its header and first blocks, verbatim; the last of them is cut
 * after a record and compressed again.
 */
export const avro: Format = {
  name: "avro",
  extensions: [".avro"],
  kind: "binary",
  matches: isAvro,
  sample: sampleAvro,
};

async function* sampleAvro({ source, limits }: SampleRequest): SampleStream {
  if (!isAvro(await source.head())) throw new Failure("FORMAT_INVALID", "this is no Avro file");
  let summary: SampleSummary | undefined;
  yield* decodeWith(source.stream(), async function* (reader) {
    summary = yield* sampleFrom(reader, limits);
  });
  return summary as SampleSummary;
}

async function* sampleFrom(reader: ByteReader, limits: Limits): SampleStream {
  const header = await readHeader(reader);
  const codec = codecOf(header.codec);
  const cutter = recordCutter(valueScanner(header.schema), limits);
  const mostBytes = Math.max(limits.bytes, limits.recordBytes) + 1;
  yield header.bytes;
  const damage = yield* firstBlocks(reader, { header, codec, cutter, mostBytes });
  const cut = cutter.cut();
  const warnings = damage === undefined ? [] : [warningOf(damage)];
  const complete = cut === undefined && damage === undefined;
  const summary = { format: "avro", rows: cutter.records(), complete, warnings };
  return cut === undefined ? summary : { ...summary, cut };
}

/** Yields the blocks that are kept, the last one cut; returns what damage ended them, if any. */
async function* firstBlocks(
  reader: ByteReader,
  reading: BlockReading,
): AsyncGenerator<Uint8Array, string | undefined, void> {
  const { header, codec, cutter } = reading;
  let damage: string | undefined;
  try {
    for (;;) {
      const start = await readBlockStart(reader);
      if (start === undefined) return undefined;
      const whole = await readBlock(reader, start, reading);
      if (whole === undefined) break;
      yield whole;
    }
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "FORMAT_INVALID") throw error;
    if (cutter.records() === 0) throw error;
    damage = error.message;
  }
  const kept = cutter.kept();
  if (kept.records > 0) yield writeBlock(kept, header, codec);
  return damage;
}

function warningOf(damage: string): string {
  return `damaged or truncated Avro: ${damage}; what came before is kept`;
}
