import type { CheckResult } from "../../checks/contract/results.ts";
import { xmlText } from "./xml-text.ts";

/** A file that was checked, as a suite of tests. */
export interface Suite {
  readonly name: string;
  /** An object of the contract, and the results of its checks. */
  readonly samples: readonly {
    readonly object: string;
    readonly results: readonly CheckResult[];
  }[];
  /** The reason why it could not be checked. */
  readonly error?: string | undefined;
}

/** The beginning of a JUnit report. */
export const JUNIT_START = '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n';
/** Its end. */
export const JUNIT_END = "</testsuites>\n";

/**
 * A suite of a JUnit report: a case for each check, `object.column` its class. Warnings are
 * skipped cases, as JUnit knows none.
 */
export function junitSuite({ name, samples, error }: Suite): string {
  const results = samples.flatMap((sample) => sample.results);
  const failures = results.filter(isFailure).length;
  const skipped = results.filter((one) => one.result === "skipped" || isWarning(one)).length;
  const counts = `tests="${results.length + (error === undefined ? 0 : 1)}" failures="${failures}" errors="${error === undefined ? 0 : 1}" skipped="${skipped}"`;
  const cases = samples.flatMap(({ object, results: own }) =>
    own.map((result) => caseText(object, result)),
  );
  if (error !== undefined)
    cases.push(`<testcase name="contract"><error message="${xmlText(error)}"/></testcase>`);
  return `<testsuite name="${xmlText(name)}" ${counts}>\n${cases.map((one) => `  ${one}\n`).join("")}</testsuite>\n`;
}

function caseText(object: string, result: CheckResult): string {
  const { check, column } = result;
  const of = column === undefined ? object : `${object}.${column}`;
  const opened = `<testcase classname="${xmlText(of)}" name="${xmlText(check)}"`;
  if (result.result === "passed") return `${opened}/>`;
  const message = xmlText(messageOf(result));
  const outcome = isFailure(result) ? "failure" : "skipped";
  return `${opened}><${outcome} message="${message}"/></testcase>`;
}

function messageOf({ result, count = 0, reason, severity }: CheckResult): string {
  if (result === "skipped") return reason ?? "";
  const said = `${severity === "warn" ? "warning: " : ""}${count}`;
  return reason === undefined ? said : `${said}: ${reason}`;
}

function isFailure({ result, severity }: CheckResult): boolean {
  return result === "failed" && severity === "fail";
}

function isWarning({ result, severity }: CheckResult): boolean {
  return result === "failed" && severity === "warn";
}
