import type { Verdict } from "./types.ts";

/** The part of a receipt that the store has to know. */
export interface Remembered {
  readonly raw: string;
  readonly bronze: string;
  readonly mtime: number;
  readonly outcome: "sampled" | "pruned" | "failed";
  /** Below samples/; null where none was published. */
  readonly sample: string | null;
  readonly extension: string | null;
  readonly format: string | null;
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly sourceSize: number | null;
  /** `raw` for a sample that was taken of the raw file. */
  readonly from: "raw" | null;
  /** Of the raw file, where no manifest line has confirmed it. */
  readonly inode: string | null;
  readonly validation: Verdict | null;
  /** The mask that the sample was made under; null where it is verbatim. */
  readonly mask: string | null;
  /** Of a failure. */
  readonly code: string | null;
  readonly message: string | null;
  /** ms since epoch. */
  readonly settledAt: number;
}

/** A receipt that says that a raw, or the whole dataset, was forgotten. */
export interface ForgottenReceipt {
  readonly outcome: "forgotten";
  /** null for the dataset. */
  readonly entry: { readonly raw: string; readonly mtime: number } | null;
  /** ms since epoch. */
  readonly settledAt: number;
}
