import { changeText } from "../checks/shape/change-text.ts";
import type { Change } from "../checks/shape/compare.ts";
import type { Version } from "../checks/shape/version.ts";
import { failedText, type Validation } from "../checks/contract/validation.ts";
import type { HeldDirectory } from "../lake/held-directory.ts";
import { appendLines } from "./append.ts";
import { ownRecords } from "./directory.ts";

/** A change, and the weight that `drift.report` gives it. */
export interface ReportedChange extends Change {
  readonly severity: "info" | "warn";
}

/** A line of the findings: something about a file that changed. There are no values in it. */
export type Finding = DriftFinding | ValidationFinding;

/** A file that is held to a contract, and has another verdict than its raw had before. */
export interface ValidationFinding extends Pick<Validation, "contract" | "failed" | "more"> {
  readonly at: string;
  readonly raw: string;
  readonly kind: "validation";
  /** `info` where nothing is refuted any more. */
  readonly severity: "info" | "warn";
  readonly result: Validation["result"];
  /** null for the first one. */
  readonly was: Validation["result"] | null;
}

/** A file that differs from those before it. */
export interface DriftFinding {
  readonly at: string;
  readonly raw: string;
  readonly kind: "drift";
  /** The most severe of the changes. */
  readonly severity: "info" | "warn";
  /** The key of the series that the file belongs to. */
  readonly series: string;
  /** Numbers of the shapes before and now; absent where there is none. */
  readonly was?: string;
  readonly shape?: string;
  /** 20 at most. */
  readonly changes: readonly ReportedChange[];
  /** Changes that are left out. */
  readonly more: number;
}

/** The details of a finding in words, such as `column "price" removed`. */
export function detailsOf(finding: Finding): string[] {
  return finding.kind === "drift"
    ? finding.changes.map(changeText)
    : finding.failed.map(failedText);
}

/** A line that tells a shape, when it was first seen. */
export interface ShapeLine extends Pick<
  Version,
  "shape" | "format" | "dialect" | "header" | "names" | "types" | "columnCount"
> {
  readonly at: string;
  readonly raw: string;
  readonly series: string;
}

/** Appends to a dataset's shapes and findings. @throws Failure as `appendLines` */
export async function appendFindings(
  samples: HeldDirectory,
  {
    shapes,
    findings,
  }: { readonly shapes: readonly ShapeLine[]; readonly findings: readonly Finding[] },
): Promise<void> {
  if (shapes.length > 0) await appendLines(samples, ownRecords(samples, "shapes"), shapes);
  if (findings.length > 0) await appendLines(samples, ownRecords(samples, "findings"), findings);
}
