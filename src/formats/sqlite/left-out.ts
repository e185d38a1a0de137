import type { SchemaObject } from "./schema.ts";
import { folded, tokensOf } from "./tokens.ts";

/** Names that modules give the tables in which they keep what a virtual table has, after its own and `_`. */
const shadows: Readonly<Record<string, readonly string[]>> = {
  fts3: ["content", "segments", "segdir", "docsize", "stat"],
  fts4: ["content", "segments", "segdir", "docsize", "stat"],
  fts5: ["data", "idx", "content", "docsize", "config"],
  rtree: ["node", "parent", "rowid"],
  rtree_i32: ["node", "parent", "rowid"],
  geopoly: ["node", "parent", "rowid"],
  spellfix1: ["vocab"],
};
const VIRTUAL = /^\s*create\s+virtual\s+table\b/i;
const NAMES_SHOWN = 10;

/** Objects that a sample has, and warnings of those that it does not have. */
export interface Chosen {
  readonly kept: readonly SchemaObject[];
  /** Virtual tables, folded. */
  readonly virtual: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

/**
 * Leaves out virtual tables, whose rows only their modules know, the tables in which these keep them,
 * and triggers and views that name them.
 * @throws Failure FORMAT_INVALID
 */
export function chooseObjects(objects: readonly SchemaObject[]): Chosen {
  const virtual = objects.filter(({ type, sql }) => type === "table" && VIRTUAL.test(sql ?? ""));
  const gone = new Set(virtual.map(({ name }) => folded(name)));
  if (gone.size === 0) return { kept: objects, virtual: gone, warnings: [] };
  const theirs = new Set(virtual.flatMap(shadowsOf));
  const tables = objects.filter(({ type, name }) => type === "table" && theirs.has(folded(name)));
  for (const { name } of tables) gone.add(folded(name));
  const naming = namingThem(objects, gone);
  return {
    kept: objects.filter((object) => !gone.has(folded(object.table)) && !naming.has(object)),
    virtual: new Set(virtual.map(({ name }) => folded(name))),
    warnings: [
      `left out: virtual tables: ${listOf(virtual)}`,
      ...(tables.length === 0 ? [] : [`left out: tables of these: ${listOf(tables)}`]),
      ...(naming.size === 0
        ? []
        : [`left out: triggers and views that name these: ${listOf([...naming])}`]),
    ],
  };
}

/** Names of some objects, as a warning has them. */
export function listOf(objects: readonly { readonly name: string }[]): string {
  const shown = objects.slice(0, NAMES_SHOWN).map(({ name }) => name);
  const more = objects.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function shadowsOf({ name, sql = "" }: SchemaObject): string[] {
  const tokens = tokensOf(sql);
  const using = tokens.findIndex(({ kind, text }) => kind === "word" && folded(text) === "using");
  const suffixes = shadows[folded(tokens[using + 1]?.text ?? "")] ?? [];
  return suffixes.map((suffix) => `${folded(name)}_${suffix}`);
}

/** Triggers and views that name what is gone, or one that does; `gone` gets their views. */
function namingThem(objects: readonly SchemaObject[], gone: Set<string>): Set<SchemaObject> {
  const byName = new Map<string, SchemaObject[]>();
  for (const object of objects) {
    if (object.type !== "trigger" && object.type !== "view") continue;
    for (const name of new Set(namesIn(object))) {
      const naming = byName.get(name) ?? [];
      byName.set(name, naming);
      naming.push(object);
    }
  }
  const found = new Set<SchemaObject>();
  // Names that are added meanwhile are gone through as well.
  for (const name of gone) {
    for (const object of byName.get(name) ?? []) {
      found.add(object);
      if (object.type === "view") gone.add(folded(object.name));
    }
  }
  return found;
}

function namesIn({ sql = "" }: SchemaObject): string[] {
  return tokensOf(sql)
    .filter(({ kind }) => kind === "word" || kind === "name" || kind === "text")
    .map(({ text }) => folded(text));
}
