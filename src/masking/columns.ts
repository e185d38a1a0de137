import type { MaskRule } from "../config/mask-settings.ts";

/** Paths whose rules are remembered: keys of JSON can be without number. */
const MOST_KNOWN = 10_000;
/** Spaces, dashes, underscores, quotes, and what is not seen at all, such as a soft hyphen. */
const UNSEEN = /[\s\p{Pd}\p{Pc}\p{Cf}'"`]/gu;

/** Finds the rules for columns by their names. */
export interface ColumnRules {
  /**
   * Numbers of the rules that match a column, or what it is in, in their order: the first one holds.
   * `path` is the column's name, or a dotted path with `[]` for elements.
   */
  matching(path: string): readonly number[];
  /** True for a name that a rule matches by more than `*` and `?`, which match anything. */
  isNamed(name: string): boolean;
}

/**
 * Prepares rules. Case, spaces, `_`, dashes and quotes do not matter. `*` and `?` stand for anything but a dot;
 * `**` also for dots, `**.` for nothing as well. A rule that matches an object or an array holds for
 * all that is in it.
 */
export function columnRules(rules: readonly Pick<MaskRule, "match">[]): ColumnRules {
  const patterns = rules.map(({ match }) => match.map(patternOf));
  const telling = rules.flatMap(({ match }) => match.filter(tells).map(patternOf));
  const known = new Map<string, readonly number[]>();
  return {
    matching(path) {
      const found = known.get(path) ?? matchingIn(patterns, withAncestors(plain(path)));
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(path, found);
      return found;
    },
    isNamed: (name) => telling.some((glob) => glob.test(plain(name))),
  };
}

function tells(glob: string): boolean {
  return /[^*?.[\]]/.test(plain(glob));
}

function matchingIn(
  patterns: readonly (readonly RegExp[])[],
  paths: readonly string[],
): readonly number[] {
  return patterns.flatMap((globs, i) =>
    globs.some((glob) => paths.some((path) => glob.test(path))) ? [i] : [],
  );
}

/** A name as it is compared. */
function plain(name: string): string {
  return name.normalize("NFKC").toLowerCase().replace(UNSEEN, "");
}

function patternOf(glob: string): RegExp {
  const source = plain(glob).replace(/\*\*\.|\*\*|\*|\?|[^\w*?]/g, (part) => {
    if (part === "**.") return "(?:.*\\.)?";
    if (part === "**") return ".*";
    if (part === "*") return "[^.]*";
    return part === "?" ? "[^.]" : `\\u{${(part.codePointAt(0) as number).toString(16)}}`;
  });
  return new RegExp(`^${source}$`, "su");
}

/** `a.b[].c` → `a.b[].c`, `a.b[]`, `a.b`, `a`. */
function withAncestors(path: string): readonly string[] {
  const ends = [...path.matchAll(/\[\]|\./g)].map(({ index }) => path.slice(0, index));
  return [path, ...ends.filter((end) => end !== "")];
}
