import type { WholeEntry } from "../../rows.ts";
import { pathBytes } from "../../../lib/pep383.ts";
import { entryOf, type ListedRow, timeOf } from "./list.ts";
import type { Db } from "../open.ts";

/** The entries of a raw, by dataset; of one dataset where it is named. */
export function entriesOf(db: Db, raw: string, dataset?: string): WholeEntry[] {
  const rows = db
    .prepare(
      `SELECT f.*, d.name AS dataset_name FROM datasets AS d
       CROSS JOIN files AS f ON f.dataset = d.id AND f.raw = @key
       WHERE @dataset IS NULL OR d.name = @dataset ORDER BY d.name`,
    )
    .all({ key: pathBytes(raw), dataset: dataset ?? null }) as ListedRow[];
  return rows.map((row) =>
    Object.assign(entryOf(row), {
      doneMtime: row["done_mtime"] as number | null,
      failedAt: timeOf(row["failed_at"] as number | null),
      mask: row["mask"] as string | null,
      sampledAt: row["sample"] === null ? null : timeOf(row["sampled_at"] as number | null),
    }),
  );
}
