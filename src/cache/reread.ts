import { pathBytes, pathText } from "../lib/pep383.ts";
import type { Entry } from "../types.ts";
import type { Db } from "./open.ts";

/**
 * The last line of each raw of a manifest that is read again, kept on disk until all is read: only
 * then is anything compared, so that an old line never undoes a newer one.
 */
export interface Reread {
  add(entries: readonly Entry[]): void;
  /** Yields the entries in the order of their lines, in pages. Ends the table. */
  pages(): Generator<Entry[], void, void>;
}

const PAGE = 2000;

/** Begins anew, for one dataset; its rejected lines will be found again. */
export function rereadOf(db: Db, dataset: number): Reread {
  db.prepare("DELETE FROM rejected WHERE dataset = ?").run(dataset);
  db.exec(`DROP TABLE IF EXISTS temp.reread;
    CREATE TEMP TABLE reread (raw ANY PRIMARY KEY, bronze ANY, mtime REAL, seq INTEGER)
    STRICT, WITHOUT ROWID`);
  const upsert = db.prepare(
    `INSERT INTO temp.reread (raw, bronze, mtime, seq) VALUES (?, ?, ?, ?)
     ON CONFLICT (raw) DO UPDATE
     SET bronze = excluded.bronze, mtime = excluded.mtime, seq = excluded.seq`,
  );
  let seq = 0;
  return {
    add: db.transaction((entries: readonly Entry[]) => {
      for (const { raw, bronze, mtime } of entries) {
        seq += 1;
        upsert.run(pathBytes(raw), pathBytes(bronze), mtime, seq);
      }
    }),
    *pages() {
      db.exec("CREATE INDEX temp.reread_seq ON reread (seq)");
      const select = db.prepare(
        `SELECT raw, bronze, mtime, seq FROM temp.reread WHERE seq > ? ORDER BY seq LIMIT ${PAGE}`,
      );
      for (let after = 0; ;) {
        const rows = select.all(after) as (Entry & { readonly seq: number })[];
        const last = rows.at(-1);
        if (last === undefined) break;
        after = last.seq;
        yield rows.map(({ raw, bronze, mtime }) => ({
          raw: pathText(raw),
          bronze: pathText(bronze),
          mtime,
        }));
      }
      db.exec("DROP TABLE temp.reread");
    },
  };
}
