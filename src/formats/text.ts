import { encodingOf } from "../lib/encoding.ts";
import { lineScanner } from "../lib/lines.ts";
import { firstRecords } from "../lib/records.ts";
import type { Format, SampleRequest, SampleStream } from "./types.ts";

/** Plain lines, verbatim. */
export const text: Format = {
  name: "text",
  extensions: [".txt", ".log"],
  kind: "text",
  sample: (request) => lines(request, "text", false),
};

/** The first lines of a text; with `skipBlank`, blank ones do not count. */
export async function* lines(
  { source, limits }: SampleRequest,
  format: string,
  skipBlank: boolean,
): SampleStream {
  const encoding = encodingOf(await source.head());
  const kept = yield* firstRecords(source.stream(), lineScanner(encoding, skipBlank), {
    records: limits.rows,
    bytes: limits.bytes,
    atLeast: 1,
    recordBytes: limits.recordBytes,
  });
  const { records, ...rest } = kept;
  return { format, rows: records, ...rest, warnings: [] };
}
