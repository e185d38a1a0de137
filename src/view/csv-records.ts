import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parse } from "csv-parse";

/** Bytes of a record: an unclosed quote would otherwise take in the rest of the file. */
const MOST_BYTES = 1024 ** 2;

/**
 * Hands over the records of comma-separated values one by one, whatever their size together.
 * @throws the stream's error, or one with a code that begins with `CSV_`
 */
export async function eachRecord(
  source: Readable,
  take: (record: readonly string[]) => void,
): Promise<void> {
  const parser = parse({ bom: true, relax_column_count: true, max_record_size: MOST_BYTES });
  await pipeline(source, parser, async (records: AsyncIterable<readonly string[]>) => {
    for await (const record of records) take(record);
  });
}
