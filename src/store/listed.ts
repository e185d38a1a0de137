import { shownBronze } from "../lib/bronze-url.ts";
import { pathText } from "../lib/pep383.ts";
import type { ListedEntry, WholeEntry } from "./rows.ts";
import type { SettledOutcome, Verdict } from "./types.ts";

/** A row of `files`, with its dataset's name. */
export interface ListedRow {
  readonly raw: string | Buffer;
  readonly bronze: string | Buffer;
  readonly [column: string]: string | number | Buffer | null;
}

/** Condition for a failure that people have seen, and after which nothing came. */
export const IS_ACKNOWLEDGED =
  "outcome = 'failed' AND next_at IS NULL AND acknowledged IS NOT NULL AND acknowledged = settled_at";

/** Returns the entry that a row holds. */
export function entryOf(row: ListedRow): ListedEntry {
  const sample = row["sample"] as string | null;
  const nextAt = row["next_at"] as number | null;
  return {
    dataset: row["dataset_name"] as string,
    raw: pathText(row.raw),
    bronze: shownBronze(pathText(row.bronze)),
    mtime: row["mtime"] as number,
    outcome: row["outcome"] as SettledOutcome | null,
    described: row["counted"] === "described",
    waiting: nextAt !== null,
    sample: sample === null ? null : `samples/${sample}`,
    stale: sample !== null && (row["outcome"] !== "sampled" || row["done_mtime"] !== row["mtime"]),
    format: row["format"] as string | null,
    rows: row["rows"] as number | null,
    bytes: row["bytes"] as number | null,
    sourceSize: row["source_size"] as number | null,
    reason: row["reason"] as string | null,
    validation: row["validation"] as Verdict | null,
    code: row["code"] as string | null,
    message: row["message"] as string | null,
    attempts: row["attempts"] as number,
    nextAt: timeOf(nextAt),
    at: timeOf(row["settled_at"] as number | null),
    acknowledged: isAcknowledged(row),
    from: sample === null ? null : row["sampled_from"] === "raw" ? "raw" : "bronze",
    confirmed: row["inode"] === null,
    goneAt: timeOf(row["gone_at"] as number | null),
  };
}

/** The same, with all that is known of it. */
export function wholeEntryOf(row: ListedRow): WholeEntry {
  return Object.assign(entryOf(row), {
    doneMtime: row["done_mtime"] as number | null,
    failedAt: timeOf(row["failed_at"] as number | null),
    mask: row["mask"] as string | null,
    sampledAt: row["sample"] === null ? null : timeOf(row["sampled_at"] as number | null),
  });
}

/** The same as `IS_ACKNOWLEDGED`. */
function isAcknowledged({ outcome, next_at, acknowledged, settled_at }: ListedRow): boolean {
  if (outcome !== "failed" || next_at !== null || acknowledged === null) return false;
  return acknowledged === settled_at;
}

/** A time in ms since epoch as ISO 8601; null for none. */
export function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
