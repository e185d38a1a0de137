import Database from "better-sqlite3";
import type { SortedLines } from "../ingest-store.ts";
import { pathBytes, pathText } from "../../lib/pep383.ts";
import type { Entry } from "../../manifest/types.ts";
import type { Db } from "./open.ts";

/** Lines that a page of entries should have, about. */
const PAGE = 2000;
/**
 * Lines and characters that are held in memory before they are sorted and go to disk as one run.
 */
const RUN_LINES = 8192;
const RUN_CHARACTERS = 1024 * 1024;

/** Creates an empty collection in a temporary database: SQLite removes the file when it is closed. */
export function createSortedLines(): SortedLines {
  const db = new Database("");
  db.pragma("temp_store = FILE");
  return { ...sortedLinesOf(db, 0), end: async () => void db.close() };
}

/** Creates an empty collection for one dataset. */
export function sortedLinesOf(db: Db, dataset: number): SortedLines {
  const table = `temp.lines_${dataset}`;
  // Each run is in order, so that it is appended; a later run has later lines.
  db.exec(`DROP TABLE IF EXISTS ${table};
    CREATE TEMP TABLE lines_${dataset} (run INTEGER, raw ANY, bronze ANY, mtime REAL,
      PRIMARY KEY (run, raw)) STRICT, WITHOUT ROWID`);
  const insert = db.prepare(`INSERT INTO ${table} (run, raw, bronze, mtime) VALUES (?, ?, ?, ?)`);
  const runs = `WITH RECURSIVE runs (run) AS
    (SELECT 0 UNION ALL SELECT run + 1 FROM runs WHERE run + 1 < @runs)`;
  // No run has more than this many lines up to there; NULL where none has as many left.
  const bound = db
    .prepare(
      `${runs} SELECT min((SELECT raw FROM ${table} AS l WHERE l.run = runs.run AND raw > @after
         ORDER BY raw LIMIT 1 OFFSET @each)) FROM runs`,
    )
    .pluck();
  // Of equal raws the bare columns are those of the last run.
  const select = (upTo: string) =>
    db.prepare(
      `${runs} SELECT raw, bronze, mtime, max(l.run) FROM runs CROSS JOIN ${table} AS l
         ON l.run = runs.run AND raw > @after ${upTo} GROUP BY raw ORDER BY raw`,
    );
  const next = select("AND raw <= @last");
  const rest = select("");
  const held = new Map<string, Entry>();
  let characters = 0;
  let runCount = 0;
  let count = 0;

  const spill = db.transaction((): void => {
    for (const { raw, bronze, mtime } of [...held.values()].toSorted(byRaw)) {
      insert.run(runCount, pathBytes(raw), pathBytes(bronze), mtime);
    }
    runCount += 1;
    held.clear();
    characters = 0;
  });

  return {
    async add(entries) {
      for (const entry of entries) {
        // A later line takes its place at the end.
        held.delete(entry.raw);
        held.set(entry.raw, entry);
        characters += entry.raw.length + entry.bronze.length;
      }
      count += entries.length;
      if (held.size >= RUN_LINES || characters >= RUN_CHARACTERS) spill();
    },
    count: () => count,
    async *pages() {
      if (runCount === 0 && held.size <= PAGE) return yield [...held.values()];
      if (held.size > 0) spill();
      const each = Math.ceil(PAGE / runCount);
      for (let after: unknown = ""; after !== null;) {
        const last: unknown = bound.get({ runs: runCount, after, each });
        const page = { runs: runCount, after, last };
        yield ((last === null ? rest : next).all(page) as Entry[]).map(entryOf);
        after = last;
      }
    },
    async end() {
      db.exec(`DROP TABLE ${table}`);
    },
  };
}

function entryOf({ raw, bronze, mtime }: Entry): Entry {
  return { raw: pathText(raw), bronze: pathText(bronze), mtime };
}

function byRaw(a: Entry, b: Entry): number {
  return a.raw < b.raw ? -1 : 1;
}
