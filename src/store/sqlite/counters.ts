import type { Counted } from "../types.ts";
import type { Db } from "./open.ts";

/** Adds to a dataset's counts; zeros are left out. */
export type AddCounts = (dataset: number, counts: Partial<Record<Counted, number>>) => void;

/** Prepares the statement. */
export function countsOf(db: Db): AddCounts {
  const add = db.prepare(
    `INSERT INTO counts (dataset, what, n) VALUES (?, ?, ?)
     ON CONFLICT (dataset, what) DO UPDATE SET n = n + excluded.n`,
  );
  return (dataset, counts) => {
    for (const [what, n] of Object.entries(counts)) if (n > 0) add.run(dataset, what, n);
  };
}
