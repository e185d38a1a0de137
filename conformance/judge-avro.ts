import type { Helper } from "./helper.ts";
import type { Receipt } from "./product.ts";
import { ALL_ROWS, columnsFault, type Rows, SAMPLE_ROWS, valuesFault, wantedRows } from "./rows.ts";
import type { Judgement } from "./verdict.ts";

/** Judges a sample by its header's bytes and its records, as avsc reads them. */
export async function judgeAvro(
  avsc: Helper,
  paths: { readonly original: string; readonly sample: string },
  receipt: Receipt,
): Promise<Judgement> {
  const before = await avsc.ask<Rows>({ path: paths.original, limit: SAMPLE_ROWS });
  if ("error" in before) return { verdict: "unjudged", why: `avsc: ${before.error}` };
  const after = await avsc.ask<Rows>({ path: paths.sample, limit: ALL_ROWS });
  if ("error" in after) return { verdict: "inexact", why: `avsc: ${after.error}` };
  const { length } = after.rows;
  // It gives nothing of a block that is cut off, and does not say so.
  if (length > before.rows.length && length <= SAMPLE_ROWS && isWarned(receipt)) {
    return { verdict: "unjudged", why: `avsc reads ${before.rows.length} of ${length} records` };
  }
  const wanted = wantedRows(before, after, receipt.cut === "bytes" || isWarned(receipt));
  const why = columnsFault(wanted, after) ?? valuesFault(wanted, after);
  return why === undefined ? { verdict: "exact" } : { verdict: "inexact", why: `avsc: ${why}` };
}

function isWarned({ warnings = [] }: Receipt): boolean {
  return warnings.length > 0;
}
