import type { Sql } from "./connect.ts";

/** A dataset's number, which every other table uses, and its name. */
export interface KnownDataset {
  readonly id: number;
  readonly name: string;
}

/** Numbers for dataset names. A name keeps its number for ever: one that was forgotten gets it back. */
export interface Datasets {
  /** The number of a dataset, or undefined when it was never seen, or was forgotten. */
  find(name: string): Promise<number | undefined>;
  /** The number of a dataset; it gets one when it has none. */
  ensure(name: string): Promise<number>;
  /**
   * The number of a name, also of a forgotten one; 0, which no dataset has, for a name that was
   * never seen.
   */
  idOf(name: string): Promise<number>;
  /** The name of a number that some row has. */
  nameOf(id: number): Promise<string>;
  /** The names of all that were ever seen and not forgotten, sorted. */
  all(): Promise<readonly string[]>;
  /** Numbers and names of the datasets that a filter means, by name; also of forgotten ones. */
  matching(hasDataset: (dataset: string) => boolean): Promise<readonly KnownDataset[]>;
}

/** Reads and gives dataset numbers; remembers those that it has seen. */
export function datasetsOf(sql: Sql): Datasets {
  const names = new Map<number, string>();
  const ids = new Map<string, number>();
  const everything = () => sql.all<KnownDataset>("SELECT id, name FROM datasets ORDER BY name");

  // Asked each time: another process may have forgotten it meanwhile.
  async function find(name: string): Promise<number | undefined> {
    const text = "SELECT id FROM datasets WHERE name = $1 AND forgotten_at IS NULL";
    return (await sql.get<KnownDataset>(text, [name]))?.id;
  }

  async function learn(): Promise<void> {
    for (const { id, name } of await everything()) {
      names.set(id, name);
      ids.set(name, id);
    }
  }

  return {
    find,
    async ensure(name) {
      const known = await find(name);
      if (known !== undefined) return known;
      const made = await sql.get<KnownDataset>(
        `INSERT INTO datasets (name) VALUES ($1)
         ON CONFLICT (name) DO UPDATE SET forgotten_at = NULL RETURNING id`,
        [name],
      );
      return (made as KnownDataset).id;
    },
    async idOf(name) {
      if (!ids.has(name)) await learn();
      return ids.get(name) ?? 0;
    },
    async nameOf(id) {
      if (!names.has(id)) await learn();
      return names.get(id) as string;
    },
    async all() {
      const text = "SELECT name FROM datasets WHERE forgotten_at IS NULL ORDER BY name";
      return (await sql.all<KnownDataset>(text)).map(({ name }) => name);
    },
    matching: async (hasDataset) => (await everything()).filter(({ name }) => hasDataset(name)),
  };
}
