import type { LineRule } from "../../lib/line-records.ts";

/** Beginnings of lines that have a time: ISO 8601, others with a year, syslog's, of day, glog's. */
const TIMES: readonly RegExp[] = [
  /^[[(<"]?\d{4}[-/.]\d\d[-/.]\d\d[T ,]/,
  /^[[(<"]?\d\d[-/. ](\d\d|[A-Z][a-z]{2})[-/. ]\d{2,4}[: ]/,
  /^[[(<"]?([A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d/,
  /^[[(<"]?\d\d:\d\d:\d\d/,
  /^[IWEF]\d{4} \d\d:\d\d/,
];

/**
 * The rule of a log whose entries begin with a time: lines without one, such as a stack trace, belong
 * to the entry before. Undefined where the first line does not begin so, or it alone does.
 */
export function logRule(beginning: string): LineRule | undefined {
  const [first = "", ...others] = beginning.split(/\r?\n/, 200).filter((line) => line !== "");
  const time = TIMES.find((each) => each.test(first));
  if (time === undefined || !others.some((line) => time.test(line))) return undefined;
  return { starts: (line) => time.test(line) };
}
