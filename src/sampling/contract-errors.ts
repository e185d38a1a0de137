import type { Settled } from "../store/drain-store.ts";
import type { PassEvent } from "./events.ts";

/** Tells of contracts that cannot be read: once of each, however many files they are for. */
export interface ContractErrors {
  take(settled: Settled, report: (event: PassEvent) => void): void;
}

/** Creates it for the passes of a process. */
export function createContractErrors(): ContractErrors {
  const told = new Set<string>();
  return {
    take({ claim, outcome }, report) {
      if (outcome.outcome !== "sampled" || outcome.validation?.result !== "error") return;
      const { contract, reason = "" } = outcome.validation;
      const key = `${contract}\n${reason}`;
      if (told.has(key)) return;
      told.add(key);
      report({ type: "contract", dataset: claim.job.dataset, contract, reason });
    },
  };
}
