import type { SampleSummary } from "../../src/formats/types.ts";
import { type Feeding, memorySource, sampleSource } from "./sample.ts";

/** Samples bytes that are known to have a sample, and tells how many of them were read. */
export async function sampleTar(
  name: string,
  bytes: Uint8Array,
  feeding: Feeding,
): Promise<{ bytes: Buffer; summary: SampleSummary; readBytes: number }> {
  const source = memorySource(name, bytes, feeding);
  const result = await sampleSource(source, feeding);
  if (result.kind !== "sample") throw new Error(`${name}: ${JSON.stringify(result)}`);
  return { ...result, readBytes: source.readBytes() };
}
