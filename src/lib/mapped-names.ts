/**
 * The configuration's formats: file name → format name. A key is an extension (`.dat`), empty for
 * names without one, or a pattern for whole names (`part-*`); the first that fits counts.
 */
export type Mapped = Readonly<Record<string, string>>;

interface Rule {
  readonly fits: (lower: string) => boolean;
  readonly format: string;
}

/** Rules by the map that they are made of: names are asked for with every file. */
const rules = new WeakMap<Mapped, readonly Rule[]>();

/** The format name that the configuration has for a file name, or undefined. */
export function mappedFormat(name: string, mapped: Mapped): string | undefined {
  const lower = name.toLowerCase();
  return rulesOf(mapped).find(({ fits }) => fits(lower))?.format;
}

/** The extensions that the configuration maps to a format. */
export function extensionsFor(format: string, mapped: Mapped): string[] {
  return Object.keys(mapped).filter((key) => key.startsWith(".") && mapped[key] === format);
}

function rulesOf(mapped: Mapped): readonly Rule[] {
  const known = rules.get(mapped);
  if (known !== undefined) return known;
  const made = Object.entries(mapped).map(([key, format]) => ({ fits: testOf(key), format }));
  rules.set(mapped, made);
  return made;
}

function testOf(key: string): Rule["fits"] {
  if (key === "") return (lower) => lower.lastIndexOf(".") <= 0;
  if (key.startsWith(".")) return (lower) => lower.endsWith(key);
  const pattern = patternOf(key.toLowerCase());
  return (lower) => pattern.test(lower);
}

/**
 * A glob for names as a regular expression: `*`, `?`, and sets such as `[0-9]` and `[!a]`. It is made
 * once; `matchesGlob` of `node:path` would read the glob again with each name.
 */
function patternOf(glob: string): RegExp {
  const source = glob.replace(/\[[^\]]+\]|[^\w]/g, (part) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    if (part.length === 1) return `\\u{${part.codePointAt(0)?.toString(16)}}`;
    return `[${part.slice(1, -1).replace(/^!/, "^").replace(/[\\[]/g, "\\$&")}]`;
  });
  return new RegExp(`^${source}$`, "su");
}
