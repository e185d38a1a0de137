import type { Db } from "./open.ts";

/** The arrival number of the entry that came last: entries are counted as they come, from 1. */
export interface Arrivals {
  last(): number;
  save(last: number): void;
}

/** Prepares the statements. They belong in the transaction that numbers entries. */
export function arrivalsOf(db: Db): Arrivals {
  const select = db.prepare("SELECT value FROM facts WHERE key = 'seq'").pluck();
  const save = db.prepare("INSERT OR REPLACE INTO facts (key, value) VALUES ('seq', ?)");
  return {
    last: () => Number(select.get() ?? 0),
    save: (last) => void save.run(String(last)),
  };
}
