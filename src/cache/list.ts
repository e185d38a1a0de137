import { pathText } from "../lib/pep383.ts";
import type { Db } from "./open.ts";

/** One entry and what became of it. Times of ours are ISO 8601, mtimes seconds since epoch. */
export interface ListedEntry {
  readonly dataset: string;
  readonly raw: string;
  readonly bronze: string;
  readonly mtime: number;
  /** Of the last settled job; null before the first. */
  readonly outcome: string | null;
  /** True when it is due or waits for another try. */
  readonly waiting: boolean;
  /** `samples/…`; null where there is none. */
  readonly sample: string | null;
  /** True when the sample is of an earlier version of the file. */
  readonly stale: boolean;
  readonly format: string | null;
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly sourceSize: number | null;
  readonly reason: string | null;
  readonly code: string | null;
  readonly message: string | null;
  readonly attempts: number;
  readonly nextAt: string | null;
  readonly at: string | null;
}

/** Which entries to list. */
export interface ListFilter {
  readonly outcome?: "sampled" | "failed" | "pruned" | "waiting";
  /** ms since epoch. */
  readonly since?: number;
}

/** A row of `files`, with its dataset's name. */
export interface ListedRow {
  readonly raw: string | Buffer;
  readonly bronze: string | Buffer;
  readonly [column: string]: string | number | Buffer | null;
}

/** Yields entries by dataset and raw, without holding them all. */
export function* listEntries(db: Db, { outcome, since }: ListFilter): Generator<ListedEntry> {
  const conditions = ["1 = 1"];
  if (outcome === "waiting") conditions.push("next_at IS NOT NULL");
  else if (outcome !== undefined) conditions.push("outcome = @outcome");
  if (since !== undefined) conditions.push("settled_at >= @since");
  const rows = db
    .prepare(
      `SELECT f.*, d.name AS dataset_name FROM files AS f JOIN datasets AS d ON d.id = f.dataset
       WHERE ${conditions.join(" AND ")} ORDER BY d.name, f.raw`,
    )
    .iterate({ outcome, since });
  for (const row of rows) yield entryOf(row as ListedRow);
}

/** What a row says. */
export function entryOf(row: ListedRow): ListedEntry {
  const sample = row["sample"] as string | null;
  const nextAt = row["next_at"] as number | null;
  return {
    dataset: row["dataset_name"] as string,
    raw: pathText(row.raw),
    bronze: pathText(row.bronze),
    mtime: row["mtime"] as number,
    outcome: row["outcome"] as string | null,
    waiting: nextAt !== null,
    sample: sample === null ? null : `samples/${sample}`,
    stale: sample !== null && (row["outcome"] !== "sampled" || row["done_mtime"] !== row["mtime"]),
    format: row["format"] as string | null,
    rows: row["rows"] as number | null,
    bytes: row["bytes"] as number | null,
    sourceSize: row["source_size"] as number | null,
    reason: row["reason"] as string | null,
    code: row["code"] as string | null,
    message: row["message"] as string | null,
    attempts: row["attempts"] as number,
    nextAt: timeOf(nextAt),
    at: timeOf(row["settled_at"] as number | null),
  };
}

/** A time in ms since epoch as ISO 8601; null for none. */
export function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
