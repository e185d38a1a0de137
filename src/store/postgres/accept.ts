import type { Accepted, Batch } from "../ingest-store.ts";
import { decide, type Known } from "../decide.ts";
import type { Entry } from "../../manifest/types.ts";
import { saveCheckpoints } from "./checkpoints.ts";
import type { Sql } from "./connect.ts";
import { createCounts } from "./counts.ts";
import { Overtaken } from "./errors.ts";
import { forgottenAmong } from "./forgotten.ts";
import { bytesOf, storedPath } from "../paths.ts";
import { addRejected } from "./rejected.ts";
import { type DueEntry, writeDue } from "./write-due.ts";

/** Writes due rows of a dataset and checkpoints, within a transaction. `now` is ms since epoch. */
export async function accept(
  sql: Sql,
  dataset: number,
  batch: Batch,
  now: number,
): Promise<Accepted> {
  const newest = newestOf(batch.entries);
  const counts = createCounts();
  const known = await lookUp(sql, dataset, newest);
  const unknown = newest.filter((_, i) => known[i] === undefined);
  const forgotten = await forgottenAmong(sql, dataset, unknown);
  const accepted = { due: 0, unchanged: 0, superseded: batch.entries.length - newest.length };
  const due: DueEntry[] = [];
  for (const [i, entry] of newest.entries()) {
    const row = known[i];
    const decision = forgotten.has(entry.raw) ? "unchanged" : decide(entry.mtime, row);
    accepted[decision === "superseding" ? "superseded" : decision] += 1;
    if (decision !== "unchanged") due.push({ ...entry, inode: null, isNew: row === undefined });
  }
  await writeDue(sql, due, { dataset, counts, now, expectedFor: batch.expectedFor });
  await addRejected(sql, dataset, batch.rejected, now);
  await saveCheckpoints(sql, dataset, batch.checkpoints);
  const { entries, rejected } = batch;
  counts.add(dataset, { lines: entries.length, rejected: rejected.length, ...accepted });
  await counts.save(sql);
  return accepted;
}

/** The last entry of each raw, in the order in which raws came first. */
function newestOf(entries: readonly Entry[]): readonly Entry[] {
  const newest = new Map<string, Entry>();
  for (const { raw: given, bronze, mtime } of entries) {
    const raw = storedPath(given);
    newest.set(raw, { raw, bronze, mtime });
  }
  return [...newest.values()];
}

/** One row for each entry; null in all columns where there is none. */
interface Found extends Omit<Known, "isUnconfirmed"> {
  /** True where nothing is to be done for the entry's mtime. */
  readonly isSettled: boolean | null;
  /** null where the row is settled, or gone since. */
  readonly isUnconfirmed: boolean | null;
}

/**
 * Looks up the rows of many entries; the results are in their order. Those that are not settled are
 * locked, in the order of raws.
 * @throws Overtaken where a row went away meanwhile
 */
async function lookUp(
  sql: Sql,
  dataset: number,
  entries: readonly Entry[],
): Promise<readonly (Known | undefined)[]> {
  if (entries.length === 0) return [];
  // Laterals, since a plan for the statistics of an empty table would else join with all rows.
  const rows = await sql.all<Found>(
    `SELECT f.is_settled AS "isSettled", l.next_at AS "nextAt", l.outcome,
       l.done_mtime AS "doneMtime", l.is_found AS "isUnconfirmed"
     FROM (SELECT * FROM unnest($2::bytea[], $3::double precision[]) WITH ORDINALITY
         AS t (raw, mtime, at) ORDER BY raw) AS w
       LEFT JOIN LATERAL (
         SELECT (next_at IS NULL AND outcome IN ('sampled', 'pruned') AND inode IS NULL
           AND done_mtime = w.mtime) IS TRUE AS is_settled
         FROM files WHERE dataset = $1 AND raw = w.raw LIMIT 1) AS f ON true
       LEFT JOIN LATERAL (
         SELECT next_at, outcome, done_mtime, inode IS NOT NULL AS is_found
         FROM files WHERE NOT f.is_settled AND dataset = $1 AND raw = w.raw
         LIMIT 1 FOR UPDATE) AS l ON true
     ORDER BY w.at`,
    [dataset, entries.map(({ raw }) => bytesOf(raw)), entries.map(({ mtime }) => mtime)],
  );
  return entries.map(({ mtime }, i) => knownIn(rows[i] as Found, mtime));
}

function knownIn({ isSettled, isUnconfirmed, ...row }: Found, mtime: number): Known | undefined {
  if (isSettled === null) return undefined;
  if (isSettled) return { nextAt: null, outcome: "sampled", doneMtime: mtime };
  if (isUnconfirmed === null) throw new Overtaken();
  return { ...row, isUnconfirmed };
}
