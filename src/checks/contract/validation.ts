import type { CheckedSample } from "./check.ts";
import { counted } from "../../lib/text.ts";
import { known } from "./document.ts";
import type { CheckResult, SampledPart } from "./results.ts";
import type { Severity } from "./contract.ts";

/** Checks that fail and are told of, at most. */
const MOST_FAILED = 20;

/** A check that fails, as a receipt has it. */
export interface FailedCheck {
  readonly check: string;
  readonly column?: string;
  readonly count: number;
  readonly severity: Severity;
  readonly reason?: string;
  readonly rows?: readonly number[];
}

/** The verdict on a file: what its sample refutes of a contract. Plain JSON, without values. */
export interface Validation {
  /** `passed`: the sample refutes nothing; `error`: the contract could not be read or applied. */
  readonly result: "passed" | "warned" | "failed" | "error";
  /** `orders@1.2.0#a1b2c3`: id, version, and the hash of its bytes; for an error the path of its file. */
  readonly contract: string;
  /** Rows that were looked at. */
  readonly rows: number;
  readonly of: SampledPart;
  /** Checks that were made. */
  readonly checks: number;
  /** Parts of the contract that are not judged. */
  readonly skipped: number;
  readonly failed: readonly FailedCheck[];
  /** Checks that fail besides those. */
  readonly more: number;
  /** Of an error. */
  readonly reason?: string;
}

/** A check that fails in words, such as `type of "price": 3`. */
export function failedText({ check, column, count, reason }: FailedCheck): string {
  const of = column === undefined ? "" : ` of ${JSON.stringify(column)}`;
  return `${check}${of}: ${count}${reason === undefined ? "" : ` (${reason})`}`;
}

/** A verdict in words: `failed by orders@1.2.0#a1b2c3: 14 checks of 3 rows: type of "price": 3`. */
export function validationText(validation: Validation): string {
  return `${validation.result} by ${validation.contract}: ${checksText(validation)}`;
}

/** The checks of a verdict in words: how many, and which fail; of an error the reason. */
export function checksText(validation: Validation): string {
  const { result, rows, of, checks, skipped, failed, more, reason = "" } = validation;
  if (result === "error") return reason;
  const which = of === "all" ? "" : of === "first" ? "the first " : "some ";
  const looked = `${counted(checks, "check")} of ${which}${counted(rows, "row")}`;
  const left = skipped === 0 ? "" : `, ${skipped} skipped`;
  const wrong = failed.length === 0 ? "" : `: ${failed.map(failedText).join("; ")}`;
  return `${looked}${left}${wrong}${more === 0 ? "" : `; ${more} more`}`;
}

/** The verdict on a file by the samples in it: one, or those of an archive's members. */
export function validationOf(contract: string, samples: readonly CheckedSample[]): Validation {
  const results = samples.flatMap((sample) => sample.results);
  const wrong = results.filter(({ result }) => result === "failed");
  const skipped = results.filter(({ result }) => result === "skipped").length;
  const isFailed = wrong.some(({ severity }) => severity === "fail");
  return {
    result: isFailed ? "failed" : wrong.length > 0 ? "warned" : "passed",
    contract,
    rows: samples.reduce((sum, { rows }) => sum + rows, 0),
    of: samples.find(({ of }) => of !== "all")?.of ?? "all",
    checks: results.length - skipped,
    skipped,
    failed: wrong.slice(0, MOST_FAILED).map(failedOf),
    more: Math.max(0, wrong.length - MOST_FAILED),
  };
}

/** The verdict where a contract could not be read or applied: an error of it, not of the file. */
export function errorOf(contract: string, reason: string): Validation {
  return {
    result: "error",
    contract,
    rows: 0,
    of: "first",
    checks: 0,
    skipped: 0,
    failed: [],
    more: 0,
    reason,
  };
}

function failedOf(failed: CheckResult): FailedCheck {
  const { check, column, count = 1, severity = "fail", reason, rows } = failed;
  return { check, count, severity, ...known({ column, reason, rows }) };
}
