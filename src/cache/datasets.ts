import type { Db } from "./open.ts";

/** Numbers for dataset names, which every other table uses. */
export interface Datasets {
  /** The number of a dataset, or undefined when it was never seen. */
  find(name: string): number | undefined;
  /** The number of a dataset; it gets one when it has none. */
  ensure(name: string): number;
  nameOf(id: number): string;
  /** The names of all that were ever seen, sorted. */
  all(): string[];
}

/** Reads and gives dataset numbers. */
export function datasetsOf(db: Db): Datasets {
  const select = db.prepare("SELECT id FROM datasets WHERE name = ?").pluck();
  const insert = db.prepare("INSERT INTO datasets (name) VALUES (?) RETURNING id").pluck();
  const name = db.prepare("SELECT name FROM datasets WHERE id = ?").pluck();
  const all = db.prepare("SELECT name FROM datasets ORDER BY name").pluck();
  const ids = new Map<string, number>();
  const names = new Map<number, string>();

  function find(dataset: string): number | undefined {
    const id = ids.get(dataset) ?? (select.get(dataset) as number | undefined);
    if (id !== undefined) ids.set(dataset, id);
    return id;
  }

  return {
    find,
    all: () => all.all() as string[],
    ensure(dataset) {
      const id = find(dataset) ?? (insert.get(dataset) as number);
      ids.set(dataset, id);
      return id;
    },
    nameOf(id) {
      const known = names.get(id) ?? (name.get(id) as string);
      names.set(id, known);
      return known;
    },
  };
}
