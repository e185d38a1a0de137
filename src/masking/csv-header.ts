import type { ColumnRules } from "./columns.ts";
import { impossible } from "./reasons.ts";

/** Characters that separate the fields of some delimited texts. */
const DELIMITERS = /[,;|\t]/;

/**
 * Checks that a first record is a header, of the fields that other readers would see too.
 * @throws NoSample
 */
export function checkHeader(names: readonly string[], rules: ColumnRules): void {
  // `*` matches values as well: it tells nothing of a header.
  if (!names.some(rules.isNamed)) throw impossible("unknown");
  const hasOthers = names.some((name) =>
    name.split(DELIMITERS).some((part) => ruleOf(part, rules) !== ruleOf(name, rules)),
  );
  if (hasOthers) throw impossible("dialect");
}

/**
 * Prepares the search for another header: a record that consists of names for the most part, at least
 * one of which is masked in another way than the column it stands in.
 */
export function otherHeaders(
  names: readonly string[],
  rules: ColumnRules,
): (record: readonly string[]) => boolean {
  const known = new Set(names.map(folded));
  const isName = (text: string) => known.has(folded(text));
  return (record) => {
    if (!record.some(isName)) return false;
    const found = record.filter((text) => isName(text) || rules.isNamed(text));
    if (2 * found.length <= record.length) return false;
    return record.some((text, i) => {
      const isOther = ruleOf(text, rules) !== ruleOf(names[i] as string, rules);
      return isOther && found.includes(text);
    });
  };
}

function ruleOf(name: string, rules: ColumnRules): number | undefined {
  return rules.matching(name)[0];
}

function folded(name: string): string {
  return name.trim().toLowerCase();
}
