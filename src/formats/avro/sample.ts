import { Failure } from "../../errors.ts";
import { type ByteReader, decodeWith } from "../../lib/byte-reader.ts";
import type { SampleRequest, SampleStream, SampleSummary, Strategy } from "../types.ts";
import type { Limits } from "../../lib/limits.ts";
import { insteadOf } from "../strategies/instead-of.ts";
import { isAvro } from "./avro.ts";
import { codecOf } from "./codecs.ts";
import { firstBlocks } from "./first-blocks.ts";
import { readHeader } from "./header.ts";
import { recordCutter } from "./record-cutter.ts";
import { spreadAvro } from "./spread.ts";
import { valueScanner } from "./value-scanner.ts";

/** The header and the first blocks of an Avro file. */
export async function* sampleAvro({ source, limits }: SampleRequest): SampleStream {
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
  const warnings = damage === undefined ? [] : [damage];
  const complete = cut === undefined && damage === undefined;
  const summary = { format: "avro", rows: cutter.records(), complete, warnings };
  return cut === undefined ? summary : { ...summary, cut };
}

/** A sample of it as a strategy draws it; a reason where that cannot be. */
export async function drawAvro(
  request: SampleRequest,
  strategy: Strategy,
): Promise<SampleStream | string> {
  const sample = await spreadAvro(request, strategy);
  if (strategy.name === "spread") return sample;
  return insteadOf("a reservoir", "its blocks are not read through", sample);
}
