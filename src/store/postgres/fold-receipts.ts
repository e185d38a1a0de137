import { countedAs } from "../counted-as.ts";
import type { CountedOutcome } from "../drain-store.ts";
import type { ForgottenReceipt, Remembered } from "../remembered.ts";
import { storedPath, textOf } from "../paths.ts";

/** A receipt of one raw. */
export type RawReceipt =
  | Remembered
  | (ForgottenReceipt & { readonly entry: NonNullable<ForgottenReceipt["entry"]> });

/** The row of a raw, as far as receipts ask. */
export interface KnownRow {
  readonly outcome: CountedOutcome;
  /** ms since epoch; null before the first time. */
  readonly settledAt: number | null;
}

/** A raw that was forgotten. */
export interface ForgottenRaw {
  /** Of its newest line, seconds since epoch. */
  readonly mtime: number;
  /** ms since epoch. */
  readonly at: number;
}

/** All that is known of the raws and names of some receipts before they are put back. */
export interface KnownBefore {
  readonly rows: ReadonlyMap<string, KnownRow>;
  /** Times at which raws were forgotten, ms since epoch. */
  readonly forgotten: ReadonlyMap<string, number>;
  /** Raws by the names that they have. */
  readonly holders: ReadonlyMap<string, string>;
}

/** A failure after the sample of a row. */
export interface Failing {
  /** Seconds since epoch. */
  readonly mtime: number;
  readonly code: string | null;
  readonly message: string | null;
}

/** The changes that receipts make in all. */
export interface Folded {
  /** Raws whose rows go, if only to be made again. */
  readonly removed: ReadonlySet<string>;
  /** The receipts that rows are made of, by raw, each with its failure where that came later. */
  readonly put: ReadonlyMap<string, { readonly receipt: Remembered; readonly failing?: Failing }>;
  /** Failures of rows that were there, by raw. */
  readonly failing: ReadonlyMap<string, Failing>;
  /** Raws by the names that they claim. */
  readonly claimed: ReadonlyMap<string, string>;
  /** Raws that are forgotten now. */
  readonly forgotten: ReadonlyMap<string, ForgottenRaw>;
  /** Raws that are no longer forgotten. */
  readonly back: ReadonlySet<string>;
  /** Raws of samples. */
  readonly sampled: readonly string[];
  /** From one outcome to another, entry by entry, as `Counts.moved` takes them. */
  readonly moves: readonly (readonly [CountedOutcome | undefined, CountedOutcome | undefined])[];
}

/**
 * Goes through receipts in their order: of each raw, the last one by its time counts. A failure
 * keeps the sample that was there; a raw has a row or is forgotten, never both.
 */
export function foldReceipts(before: KnownBefore, receipts: readonly RawReceipt[]): Folded {
  const rows = new Map(before.rows);
  const holders = new Map(before.holders);
  const forgottenAt = new Map(before.forgotten);
  const removed = new Set<string>();
  const put = new Map<string, { receipt: Remembered; failing?: Failing }>();
  const failing = new Map<string, Failing>();
  const claimed = new Map<string, string>();
  const forgotten = new Map<string, ForgottenRaw>();
  const back = new Set<string>();
  const sampled: string[] = [];
  const moves: [CountedOutcome | undefined, CountedOutcome | undefined][] = [];

  function forget(raw: string, mtime: number, at: number): void {
    const row = rows.get(raw);
    if (row !== undefined && row.settledAt !== null && row.settledAt > at) return;
    if (row !== undefined) moves.push([row.outcome, undefined]);
    if (before.rows.has(raw)) removed.add(raw);
    for (const all of [rows, put, failing]) all.delete(raw);
    if (at < (forgottenAt.get(raw) ?? at)) return;
    forgottenAt.set(raw, at);
    forgotten.set(raw, { mtime, at });
    back.delete(raw);
  }

  /** True when a raw was forgotten after a receipt; a newer receipt ends that. */
  function isForgotten(raw: string, at: number): boolean {
    const time = forgottenAt.get(raw);
    if (time === undefined || time >= at) return time !== undefined;
    forgottenAt.delete(raw);
    forgotten.delete(raw);
    back.add(raw);
    return false;
  }

  function fail(raw: string, { mtime, code, message, settledAt }: Remembered): void {
    const row = rows.get(raw);
    if (isForgotten(raw, settledAt) || !isOlder(row, settledAt)) return;
    const made = put.get(raw);
    if (made === undefined) failing.set(raw, { mtime, code, message });
    else made.failing = { mtime, code, message };
    move(raw, { ...row, outcome: "failed" });
  }

  function sample(raw: string, name: string, receipt: Remembered): void {
    const holder = holders.get(name);
    if (holder === undefined) claimed.set(name, raw);
    holders.set(name, holder ?? raw);
    // Damage can give a name twice: then the second is no sample of this raw.
    if ((holder ?? raw) !== raw || isForgotten(raw, receipt.settledAt)) return;
    const { outcome, format, settledAt } = receipt;
    const row = rows.get(raw);
    if (row === undefined || isOlder(row, settledAt)) {
      put.set(raw, { receipt });
      failing.delete(raw);
      move(raw, { outcome: countedAs(outcome, format), settledAt });
    }
    if (outcome === "sampled") sampled.push(raw);
  }

  function move(raw: string, to: KnownRow): void {
    moves.push([rows.get(raw)?.outcome, to.outcome]);
    rows.set(raw, to);
  }

  for (const receipt of receipts) {
    if (receipt.outcome === "forgotten")
      forget(storedPath(receipt.entry.raw), receipt.entry.mtime, receipt.settledAt);
    else if (receipt.outcome === "failed") fail(storedPath(receipt.raw), receipt);
    else if (receipt.sample !== null)
      sample(storedPath(receipt.raw), textOf(receipt.sample), receipt);
  }
  return { removed, put, failing, claimed, forgotten, back, sampled, moves };
}

/** True for a row that a receipt of this time replaces; one that was never settled stays. */
function isOlder(row: KnownRow | undefined, settledAt: number): row is KnownRow {
  return row !== undefined && row.settledAt !== null && settledAt >= row.settledAt;
}
