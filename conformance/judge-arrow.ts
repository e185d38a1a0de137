import type { Helper } from "./helper.ts";
import type { Receipt } from "./product.ts";
import { ALL_ROWS, columnsFault, type Rows, SAMPLE_ROWS, valuesFault, wantedRows } from "./rows.ts";
import type { Judgement } from "./verdict.ts";

/** Judges a sample by its schema and its rows, as Apache Arrow reads them. */
export async function judgeArrow(
  arrow: Helper,
  paths: { readonly original: string; readonly sample: string },
  { cut, warnings = [] }: Receipt,
): Promise<Judgement> {
  const before = await arrow.ask<Rows>({ path: paths.original, limit: SAMPLE_ROWS });
  if ("error" in before) return { verdict: "unjudged", why: `apache-arrow: ${before.error}` };
  const after = await arrow.ask<Rows>({ path: paths.sample, limit: ALL_ROWS });
  if ("error" in after) return { verdict: "inexact", why: `apache-arrow: ${after.error}` };
  const wanted = wantedRows(before, after, cut === "bytes" || warnings.length > 0);
  const why = columnsFault(wanted, after) ?? valuesFault(wanted, after);
  return why === undefined
    ? { verdict: "exact" }
    : { verdict: "inexact", why: `apache-arrow: ${why}` };
}
