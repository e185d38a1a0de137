import { printable } from "../../lib/text.ts";
import type { Context } from "../command.ts";
import { tell } from "./print.ts";

/** Problems that are told while work goes on. */
export interface Problems {
  /** Tells one: what has it, and which it is. */
  readonly onProblem: (what: string, message: string) => void;
  /** The number of those that were told. */
  readonly count: () => number;
}

/** Tells problems on stderr, and counts them. */
export function createProblems(context: Context): Problems {
  let count = 0;
  return {
    onProblem(what, message) {
      count += 1;
      tell(context, printable(`${what}: ${message}`));
    },
    count: () => count,
  };
}
