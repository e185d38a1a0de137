import type { Verdict } from "../types.ts";
import type { Db } from "./open.ts";

/** Verdicts that are given within one transaction. */
export interface VerdictCounts {
  add(dataset: number, verdict: Verdict): void;
  /** Writes what was collected, before the transaction ends. */
  save(): void;
}

/** Prepares the statement; a count is to be begun in each transaction that has verdicts. */
export function verdictsOf(db: Db): () => VerdictCounts {
  const write = db.prepare(
    `INSERT INTO verdicts (dataset, result, n) VALUES (?, ?, ?)
     ON CONFLICT (dataset, result) DO UPDATE SET n = n + excluded.n`,
  );
  return () => {
    const counts = new Map<number, Map<Verdict, number>>();
    return {
      add(dataset, verdict) {
        const of = counts.get(dataset) ?? new Map<Verdict, number>();
        counts.set(dataset, of.set(verdict, (of.get(verdict) ?? 0) + 1));
      },
      save() {
        for (const [dataset, of] of counts)
          for (const [verdict, n] of of) write.run(dataset, verdict, n);
      },
    };
  };
}
