import type { Helper } from "./helper.ts";
import type { Receipt } from "./product.ts";
import { ALL_ROWS, columnsFault, type Rows, SAMPLE_ROWS, valuesFault, wantedRows } from "./rows.ts";
import type { Judgement } from "./verdict.ts";

/** Judges a sample by a reader in Python, and by ClickHouse's where that is there and reads the original. */
export async function judgeOrc(
  { python, chdb }: { readonly python: Helper; readonly chdb: Helper },
  paths: { readonly original: string; readonly sample: string },
  receipt: Receipt,
): Promise<Judgement> {
  const first = await python.ask<Judgement>({ ask: "judge", ...paths, receipt, facts: {} });
  if ("error" in first) return { verdict: "unjudged", why: first.error };
  const before = await chdb.ask<Rows>({ path: paths.original, limit: SAMPLE_ROWS });
  if (first.verdict === "inexact" || "error" in before) return first;
  const after = await chdb.ask<Rows>({ path: paths.sample, limit: ALL_ROWS });
  if ("error" in after) return { verdict: "inexact", why: `chdb: ${after.error}` };
  const isFew = receipt.cut === "bytes" || (receipt.warnings ?? []).length > 0;
  const wanted = wantedRows(before, after, isFew);
  const why = columnsFault(wanted, after) ?? valuesFault(wanted, after);
  return why === undefined ? { verdict: "exact" } : { verdict: "inexact", why: `chdb: ${why}` };
}
