import { decodeText, encodingOf } from "../../lib/encoding.ts";
import { lineChunks, lineRecords, type LineRule } from "../../lib/line-records.ts";
import { lineScanner } from "../../lib/lines.ts";
import { firstRecords, recordCutter, type RecordLimits } from "../../lib/records.ts";
import type { Limits } from "../../lib/limits.ts";
import { cutStream } from "../cut.ts";
import type { SampleCutter, SampleRequest, SampleStream } from "../types.ts";

/** The rule for one text, by its beginning; undefined where its lines are records. */
export type RuleOf = (beginning: string) => LineRule | undefined;

/** The first lines of a text, in a stream. */
export function lines(request: SampleRequest, format: string): SampleStream {
  return cutStream(request, (head) => cutLines(head, request, { format, skipBlank: false }));
}

/** Cuts the first lines out of a text; with `skipBlank`, blank ones do not count. */
export function cutLines(
  head: Uint8Array,
  { limits }: SampleRequest,
  { format, skipBlank }: { readonly format: string; readonly skipBlank: boolean },
): SampleCutter {
  const cutter = recordCutter(lineScanner(encodingOf(head), skipBlank), recordLimits(limits));
  return {
    ...cutter,
    summary() {
      const { records, ...rest } = cutter.result();
      return { format, rows: records, ...rest, warnings: [] };
    },
  };
}

/**
 * The first records of a text by the rule that its beginning shows, and its header, of as many bytes
 * as a sample; lines where there is no rule, and in UTF-16.
 */
export async function* recordsOfLines(
  request: SampleRequest,
  format: string,
  ruleOf: RuleOf,
): SampleStream {
  const { source, limits } = request;
  const head = await source.head();
  const encoding = encodingOf(head);
  const isBytewise = encoding.unitBytes === 1 && !encoding.loneCr;
  const rule = isBytewise ? ruleOf(decodeText(head.subarray(0, LOOKED_AT_BYTES))) : undefined;
  if (rule === undefined) return yield* lines(request, format);
  const scanner = lineRecords(rule, limits.bytes);
  const chunks = lineChunks(source.stream());
  const { records, ...rest } = yield* firstRecords(chunks, scanner, recordLimits(limits));
  return { format, rows: records, ...rest, warnings: [] };
}

/** Bytes of a text that a rule is chosen by. */
const LOOKED_AT_BYTES = 16 * 1024;

function recordLimits({ rows, bytes, recordBytes }: Limits): RecordLimits {
  return { records: rows, bytes, atLeast: 1, recordBytes };
}
