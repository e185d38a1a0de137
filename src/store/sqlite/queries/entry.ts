import type { WholeEntry } from "../../rows.ts";
import { pathBytes } from "../../../lib/pep383.ts";
import { type ListedRow, wholeEntryOf } from "../../listed.ts";
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
  return rows.map(wholeEntryOf);
}
