import type { IndexedSample, SampleWords, SearchIndex } from "../../search-index.ts";
import type { Db } from "../open.ts";

/** Numbers that words get: with more of them the index grows, with fewer there are more in vain. */
const NUMBERS = 2 ** 17;

/** The index in an open database. */
export function searchIndexIn(db: Db): SearchIndex {
  const known = db
    .prepare("SELECT 1 FROM samples WHERE dataset = @dataset AND raw = @raw AND at = @at")
    .pluck();
  const drop = db
    .prepare("DELETE FROM samples WHERE dataset = @dataset AND raw = @raw RETURNING id")
    .pluck();
  const dropWords = db.prepare("DELETE FROM words WHERE rowid = ?");
  const insert = db.prepare(
    "INSERT INTO samples (dataset, raw, at, failed) VALUES (@dataset, @raw, @at, @failed)",
  );
  const insertWords = db.prepare("INSERT INTO words (rowid, numbers) VALUES (?, ?)");
  const select = db.prepare(
    `SELECT s.dataset, s.raw, s.at FROM words AS w JOIN samples AS s ON s.id = w.rowid
     WHERE words MATCH ? ORDER BY w.rowid DESC LIMIT ?`,
  );
  const reached = db.prepare("SELECT at FROM reached WHERE dataset = ?").pluck();
  const reach = db.prepare(
    "INSERT INTO reached VALUES (?, ?) ON CONFLICT (dataset) DO UPDATE SET at = excluded.at",
  );
  const failures = db
    .prepare(
      `SELECT count(*) FROM samples INDEXED BY failed
       WHERE failed = 1 AND dataset IN (SELECT value FROM json_each(?))`,
    )
    .pluck();
  const count = db.prepare("SELECT count(*) FROM samples").pluck();

  const add = db.transaction((samples: readonly SampleWords[]) => {
    for (const { words, ...sample } of samples) {
      const id = drop.get(sample);
      if (id !== undefined) dropWords.run(id);
      const failed = words === undefined ? 1 : 0;
      const { lastInsertRowid } = insert.run({ ...sample, failed });
      if (words !== undefined)
        insertWords.run(lastInsertRowid, [...new Set(words.map(numberOf))].join(" "));
    }
  });

  const clear = db.transaction(() => {
    db.exec("DELETE FROM samples; DELETE FROM reached");
    db.exec("INSERT INTO words (words) VALUES ('delete-all')");
  });

  return {
    add: async (samples) => add.immediate(samples),
    has: async (sample) => known.get(sample) !== undefined,
    samplesWith: async (words, most) =>
      select.all(words.map((word) => `"${numberOf(word)}"`).join(" "), most) as IndexedSample[],
    reached: async (dataset) => (reached.get(dataset) as number | undefined) ?? 0,
    reach: async (dataset, at) => void reach.run(dataset, at),
    failures: async (datasets) => failures.get(JSON.stringify(datasets)) as number,
    count: async () => count.get() as number,
    clear: async () => void clear.immediate(),
    close: async () => void db.close(),
  };
}

/**
 * The number of a word, as text of letters and digits: FNV-1a, mixed so that its upper bits count.
 * http://www.isthe.com/chongo/tech/comp/fnv/
 */
function numberOf(word: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i += 1) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (((hash ^ (hash >>> 13)) >>> 0) % NUMBERS).toString(36);
}
