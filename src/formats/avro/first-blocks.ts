import { Failure } from "../../errors.ts";
import type { ByteReader } from "../../lib/byte-reader.ts";
import { type BlockReading, readBlock, readBlockStart, writeBlock } from "./blocks.ts";

/**
 * Yields the blocks from here on as far as they are kept, the last one cut. Returns a warning of
 * the damage that ended them, if any.
 * @throws NoSample; Failure FORMAT_INVALID where no record comes before the damage.
 */
export async function* firstBlocks(
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
  return damage === undefined ? undefined : warningOf(damage);
}

function warningOf(damage: string): string {
  return `damaged or truncated Avro: ${damage}; what came before is kept`;
}
