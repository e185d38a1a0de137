/** Separates names in one text: no name has it. */
const SEPARATOR = "/";
/** Characters that mean something in an expression. */
const SYNTAX = /[\\^$.*+?()[\]{}|]/g;

/** Joins the names of a directory to one text, which is kept as it is. */
export function joinNames(names: readonly string[]): string {
  return names.join(SEPARATOR);
}

/** The names in such a text. */
export function splitNames(text: string): readonly string[] {
  return text === "" ? [] : text.split(SEPARATOR);
}

/** Names that a directory has and did not have before, and the other way round. */
export interface NameChanges {
  readonly came: readonly string[];
  readonly gone: readonly string[];
}

/** Compares the names of a directory with the text of those that were known. */
export function changesOf(known: string, names: readonly string[]): NameChanges {
  if (known === "") return { came: names, gone: [] };
  const before = new Set(splitNames(known));
  const came: string[] = [];
  for (const name of names) if (!before.delete(name)) came.push(name);
  return { came, gone: [...before] };
}

/** Makes the function that is true for names that one of the globs matches; `*` and `?` are known. */
export function ignoring(globs: readonly string[]): (name: string) => boolean {
  // Most globs fix the beginning or the end of a name, for which no expression is needed.
  const beginnings: string[] = [];
  const endings: string[] = [];
  const others: RegExp[] = [];
  for (const glob of globs) {
    const [, beginning] = /^([^*?]+)\*$/.exec(glob) ?? [];
    const [, ending] = /^\*([^*?]+)$/.exec(glob) ?? [];
    if (beginning !== undefined) beginnings.push(beginning);
    else if (ending !== undefined) endings.push(ending);
    else others.push(new RegExp(`^${expressionOf(glob)}$`, "su"));
  }
  return (name) =>
    beginnings.some((beginning) => name.startsWith(beginning)) ||
    endings.some((ending) => name.endsWith(ending)) ||
    others.some((other) => other.test(name));
}

function expressionOf(glob: string): string {
  const parts = glob.split(/([*?])/);
  return parts
    .map((part) => (part === "*" ? ".*" : part === "?" ? "." : part.replace(SYNTAX, "\\$&")))
    .join("");
}
