import type { Claim, Settled } from "../store/drain-store.ts";
import type { FailureCode } from "../errors.ts";
import type { Ingested } from "./ingest/ingest.ts";
import type { Looked } from "./looking/looked.ts";
import type { Unmade } from "./upkeep/masks.ts";
import type { Pruned } from "./upkeep/retention.ts";
import type { Finding } from "../samples/findings.ts";
import type { RejectedLine } from "../manifest/types.ts";

/** An event in a pass, for those who log, count or print. */
export type PassEvent =
  | { readonly type: "ingested"; readonly dataset: string; readonly ingested: Ingested }
  | { readonly type: "rejected"; readonly dataset: string; readonly line: RejectedLine }
  | { readonly type: "settled"; readonly settled: Settled }
  | { readonly type: "finding"; readonly dataset: string; readonly finding: Finding }
  /** A raw file's sample that its line confirmed; a raw file that was moved before it was sampled. */
  | { readonly type: "confirmed" | "moved"; readonly claim: Claim }
  | { readonly type: "looked"; readonly dataset: string; readonly looked: Looked }
  /** A directory of raw files with more names than is good, and their number. */
  | {
      readonly type: "crowded";
      readonly dataset: string;
      readonly path: string;
      readonly names: number;
    }
  /** A contract cannot be read, or not be applied; the samples are made all the same. */
  | {
      readonly type: "contract";
      readonly dataset: string;
      readonly contract: string;
      readonly reason: string;
    }
  | { readonly type: "restoring"; readonly dataset: string; readonly receipts: number }
  | { readonly type: "skipped"; readonly dataset: string; readonly names: readonly string[] }
  | { readonly type: "cleanedUp"; readonly dataset: string; readonly files: number }
  | { readonly type: "unmade"; readonly dataset: string; readonly unmade: Unmade }
  | { readonly type: "pruned"; readonly dataset: string; readonly pruned: Pruned }
  | {
      readonly type: "paused" | "error" | "unlisted";
      readonly where: string;
      readonly code: FailureCode;
      readonly message: string;
    };
