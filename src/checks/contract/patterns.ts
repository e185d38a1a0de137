import { errorMessage } from "../../errors.ts";
import type { Column, Contract, Rule } from "./contract.ts";

/** Characters of a text that a pattern is asked about, at most. */
const LONGEST = 64 * 1024;

/** True where a pattern is found in a text. */
export type Finds = (text: string) => boolean;

/** The function of a pattern, or the reason why it is not judged. */
export type Patterns = (pattern: string) => Finds | { readonly reason: string };

/**
 * Compiles the patterns of a contract, in time and memory that grow with a text's length only: the
 * reader of expressions is loaded where there is one.
 */
export async function compilePatterns({ objects }: Contract): Promise<Patterns> {
  const all = new Set(
    objects.flatMap(({ record, rules }) => [...inColumn(record), ...inRules(rules)]),
  );
  const compiled = new Map<string, ReturnType<Patterns>>();
  if (all.size > 0) {
    const { RE2JS } = await import("re2js");
    for (const pattern of all) {
      try {
        const found = RE2JS.compile(RE2JS.translateRegExp(pattern));
        compiled.set(pattern, (text) =>
          found.test(text.length > LONGEST ? text.slice(0, LONGEST) : text),
        );
      } catch (error) {
        compiled.set(pattern, { reason: `a pattern that is not judged: ${errorMessage(error)}` });
      }
    }
  }
  return (pattern) => compiled.get(pattern) ?? { reason: "a pattern that is not judged" };
}

function inColumn({ options, rules, properties = [], items }: Column): string[] {
  const own = [options.pattern ?? [], inRules(rules)].flat();
  return [...own, ...properties.flatMap(inColumn), ...(items === undefined ? [] : inColumn(items))];
}

function inRules(rules: readonly Rule[]): string[] {
  return rules.flatMap(({ pattern }) => pattern ?? []);
}
