import Database from "better-sqlite3";
import type { PathSet } from "../path-set.ts";

/** Makes an empty set, in a temporary database: SQLite removes the file when it is closed. */
export function createPathSet(): PathSet {
  const db = new Database("");
  db.exec("CREATE TABLE paths (path TEXT PRIMARY KEY) STRICT, WITHOUT ROWID");
  db.pragma("synchronous = OFF");
  const add = db.prepare("INSERT OR IGNORE INTO paths SELECT value FROM json_each(?)");
  const missing = db
    .prepare(
      `SELECT value FROM json_each(?) AS wanted
       WHERE NOT EXISTS (SELECT 1 FROM paths WHERE path = wanted.value) ORDER BY wanted.key`,
    )
    .pluck();
  return {
    add: (paths) => void add.run(JSON.stringify(paths)),
    missingOf: (paths) => missing.all(JSON.stringify(paths)) as string[],
    [Symbol.dispose]: () => void db.close(),
  };
}
