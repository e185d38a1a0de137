import { decide, type Known } from "../decide.ts";
import { pathBytes } from "../lib/pep383.ts";
import type { Checkpoint, Entry, RejectedLine } from "../types.ts";
import { checkpointsOf } from "./checkpoints.ts";
import { countsOf } from "./counts.ts";
import { addFact, factOf } from "./facts.ts";
import { namesOf } from "./names.ts";
import type { Db } from "./open.ts";

/** Lines of one manifest, with the checkpoints that move with them. */
export interface Batch {
  readonly dataset: number;
  readonly entries: readonly Entry[];
  readonly rejected: readonly RejectedLine[];
  /** The one after these lines and those that retire; none while all is read again. */
  readonly checkpoints: readonly Checkpoint[];
  /** Sample names for a raw, best first, and the extension they have. */
  readonly namesFor: (raw: string) => Names;
}

/** The names a raw's sample may have. */
export interface Names {
  readonly candidates: Iterable<string>;
  readonly extension: string | null;
}

/** How many lines were decided how. */
export interface Accepted {
  readonly due: number;
  readonly unchanged: number;
  readonly superseded: number;
}

/** Writes due rows and checkpoints in one transaction. `now` is ms since epoch. */
export type Accept = (batch: Batch, now: number) => Accepted;

/** Prepares the statements. */
export function acceptOf(db: Db): Accept {
  const claimName = namesOf(db);
  const checkpoints = checkpointsOf(db);
  const addCounts = countsOf(db);
  const known = knownOf(db);
  const insert = db.prepare(
    `INSERT INTO files (dataset, raw, bronze, mtime, seq, next_at, name, extension)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const update = db.prepare(
    `UPDATE files SET bronze = ?, mtime = ?, seq = ?, next_at = ?, attempts = 0, failed_at = NULL
     WHERE dataset = ? AND raw = ?`,
  );
  const reject = db.prepare(
    `INSERT INTO rejected (dataset, path, line, offset, reason, at) VALUES (?, ?, ?, ?, ?, ?)`,
  );
  let seq = Number(factOf(db, "seq") ?? 0);

  return db.transaction((batch: Batch, now: number): Accepted => {
    const { dataset } = batch;
    const newest = new Map(batch.entries.map((entry) => [entry.raw, entry]));
    const rows = known(dataset, [...newest.keys()]);
    const accepted = { due: 0, unchanged: 0, superseded: batch.entries.length - newest.size };
    for (const { raw, bronze, mtime } of newest.values()) {
      const row = rows.get(raw);
      const decision = decide(mtime, row);
      if (decision === "unchanged") {
        accepted.unchanged += 1;
        continue;
      }
      seq += 1;
      if (row === undefined) {
        const { candidates, extension } = batch.namesFor(raw);
        const name = claimName(dataset, raw, candidates);
        const [key, path] = [pathBytes(raw), pathBytes(bronze)];
        insert.run(dataset, key, path, mtime, seq, now, name, extension);
      } else {
        update.run(pathBytes(bronze), mtime, seq, now, dataset, pathBytes(raw));
      }
      accepted[decision === "due" ? "due" : "superseded"] += 1;
    }
    for (const { path, line, offset, reason } of batch.rejected) {
      reject.run(dataset, path, line, offset, reason, now);
    }
    checkpoints.saveAll(dataset, batch.checkpoints);
    const lines = batch.entries.length;
    addCounts(dataset, { lines, rejected: batch.rejected.length, ...accepted });
    addFact(db, "seq", String(seq));
    return accepted;
  });
}

/** Looks up many raws at once. */
function knownOf(db: Db): (dataset: number, raws: readonly string[]) => Map<string, Known> {
  const columns = "mtime, next_at AS nextAt, outcome, done_mtime AS doneMtime";
  // CROSS JOIN keeps this order: one look-up for each wanted raw, never a scan of the table.
  const many = db.prepare(
    `SELECT f.raw, ${columns} FROM json_each(?) AS wanted
     CROSS JOIN files AS f ON f.dataset = ? AND f.raw = wanted.value`,
  );
  const one = db.prepare(`SELECT ${columns} FROM files WHERE dataset = ? AND raw = ?`);
  return (dataset, raws) => {
    const text = raws.filter((raw) => raw.isWellFormed());
    const rows = many.all(JSON.stringify(text), dataset) as (Known & { raw: string })[];
    const found = new Map<string, Known>(rows.map((row) => [row.raw, row]));
    for (const raw of raws) {
      if (raw.isWellFormed()) continue;
      const row = one.get(dataset, pathBytes(raw)) as Known | undefined;
      if (row !== undefined) found.set(raw, row);
    }
    return found;
  };
}
