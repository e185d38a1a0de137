import type { Settled } from "../store/drain-store.ts";
import type { FailureCode } from "../errors.ts";
import type { Ingested } from "./ingest/ingest.ts";
import type { Pruned } from "./upkeep/retention.ts";
import type { RejectedLine } from "../manifest/types.ts";

/** An event in a pass, for those who log, count or print. */
export type PassEvent =
  | { readonly type: "ingested"; readonly dataset: string; readonly ingested: Ingested }
  | { readonly type: "rejected"; readonly dataset: string; readonly line: RejectedLine }
  | { readonly type: "settled"; readonly settled: Settled }
  | { readonly type: "restoring"; readonly dataset: string; readonly receipts: number }
  | { readonly type: "skipped"; readonly dataset: string; readonly names: readonly string[] }
  | { readonly type: "cleanedUp"; readonly dataset: string; readonly files: number }
  | { readonly type: "pruned"; readonly dataset: string; readonly pruned: Pruned }
  | {
      readonly type: "paused" | "error";
      readonly where: string;
      readonly code: FailureCode;
      readonly message: string;
    };
