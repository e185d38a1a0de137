import type { Db } from "./open.ts";

/** Numbers for dataset names, which every other table uses. */
export interface Datasets {
  /** The number of a dataset, or undefined when it was never seen, or was forgotten. */
  find(name: string): number | undefined;
  /** The number of a dataset; it gets one when it has none. */
  ensure(name: string): number;
  nameOf(id: number): string;
  /**
   * The number of a name, also of a forgotten one; 0, which no dataset has, for a name that was
   * never seen.
   */
  idOf(name: string): number;
  /** The names of all that were ever seen and not forgotten, sorted. */
  all(): string[];
}

/**
 * Reads and gives dataset numbers. A name keeps its number for ever: one that was forgotten gets it
 * back.
 */
export function datasetsOf(db: Db): Datasets {
  const isKnown = "forgotten_at IS NULL";
  const select = db.prepare(`SELECT id FROM datasets WHERE name = ? AND ${isKnown}`).pluck();
  const insert = db
    .prepare(
      `INSERT INTO datasets (name) VALUES (?)
       ON CONFLICT (name) DO UPDATE SET forgotten_at = NULL RETURNING id`,
    )
    .pluck();
  const name = db.prepare("SELECT name FROM datasets WHERE id = ?").pluck();
  const all = db.prepare(`SELECT name FROM datasets WHERE ${isKnown} ORDER BY name`).pluck();
  const ever = db.prepare("SELECT id FROM datasets WHERE name = ?").pluck();
  const names = new Map<number, string>();
  const ids = new Map<string, number>();

  // Asked each time: another process may have forgotten it meanwhile.
  const find = (dataset: string) => select.get(dataset) as number | undefined;

  return {
    find,
    all: () => all.all() as string[],
    ensure: (dataset) => find(dataset) ?? (insert.get(dataset) as number),
    idOf(dataset) {
      const known = ids.get(dataset) ?? (ever.get(dataset) as number | undefined);
      if (known !== undefined) ids.set(dataset, known);
      return known ?? 0;
    },
    nameOf(id) {
      const known = names.get(id) ?? (name.get(id) as string);
      names.set(id, known);
      return known;
    },
  };
}

/** Numbers and names of the datasets that a filter means, by name. */
export function datasetsIn(
  db: Db,
  hasDataset: (dataset: string) => boolean,
): readonly { readonly id: number; readonly name: string }[] {
  const all = db.prepare("SELECT id, name FROM datasets ORDER BY name").all();
  return (all as { id: number; name: string }[]).filter(({ name }) => hasDataset(name));
}
