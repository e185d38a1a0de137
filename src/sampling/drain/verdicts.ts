import type { ValidationFinding } from "../../samples/findings.ts";
import type { Finished } from "./finished.ts";

/**
 * The findings of a batch where a raw's verdict is another one than before; `now` is ms since
 * epoch. A first one that refutes nothing is none, and neither is a contract that cannot be read.
 */
export function verdictFindings(batch: readonly Finished[], now: number): ValidationFinding[] {
  return batch.flatMap(({ claim, outcome }): ValidationFinding[] => {
    if (outcome.outcome !== "sampled" || outcome.validation === undefined) return [];
    const { result, contract, failed, more } = outcome.validation;
    const was = claim.validation;
    if (result === "error" || result === (was ?? "passed")) return [];
    return [
      {
        at: new Date(now).toISOString(),
        raw: claim.job.raw,
        kind: "validation",
        severity: result === "passed" ? "info" : "warn",
        result,
        was,
        contract,
        failed,
        more,
      },
    ];
  });
}
