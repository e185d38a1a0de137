import type { Batch } from "../ingest-store.ts";
import type { Counts } from "./counts.ts";
import type { Sql } from "./connect.ts";
import { Overtaken } from "./errors.ts";
import { claimNames } from "./names.ts";
import { bytesOf, textOf } from "../paths.ts";

/** An entry that is due in a new version. */
export interface DueEntry {
  readonly raw: string;
  readonly bronze: string;
  /** Seconds since epoch. */
  readonly mtime: number;
  /** Of the raw file, where it was found by looking; null where a line named it. */
  readonly inode: string | null;
  /** True where it has no row; the rows of others are locked. */
  readonly isNew: boolean;
}

/** Options of `writeDue`. */
export interface DueOptions extends Pick<Batch, "expectedFor"> {
  readonly dataset: number;
  readonly counts: Counts;
  /** ms since epoch. */
  readonly now: number;
}

/** The name of a row in a list of rows that are only updated: no sample has it. */
const KEPT = "";

/**
 * Writes entries that are due, numbered in their order; within a transaction.
 * @throws Overtaken where one that was new has a row by now
 */
export async function writeDue(
  sql: Sql,
  entries: readonly DueEntry[],
  { dataset, counts, now, expectedFor }: DueOptions,
): Promise<void> {
  if (entries.length === 0) return;
  const added = entries.filter(({ isNew }) => isNew);
  const wanted = added.map(({ raw }) => ({ raw, ...expectedFor(raw) }));
  const expected = new Map(wanted.map((each) => [each.raw, each]));
  const plain = entries.map(({ raw }) => textOf(expected.get(raw)?.names.plain ?? KEPT));
  // nextval is asked in the order of entries; rows are taken in that of raws.
  const written = await sql.run(
    `WITH due AS MATERIALIZED (
       SELECT t.*, nextval('arrivals') AS seq
       FROM unnest($3::bytea[], $4::bytea[], $5::double precision[], $6::text[], $7::text[], $8::text[])
         AS t (raw, bronze, mtime, inode, name, extension)
     )
     INSERT INTO files (dataset, next_at, raw, bronze, mtime, inode, name, extension, seq)
     SELECT $1::int, $2::bigint, * FROM due ORDER BY raw
     ON CONFLICT (dataset, raw) DO UPDATE SET bronze = excluded.bronze, mtime = excluded.mtime,
       seq = excluded.seq, next_at = excluded.next_at, inode = excluded.inode, attempts = 0,
       failed_at = NULL, gone_at = NULL
     WHERE excluded.name = '${KEPT}'`,
    [
      dataset,
      now,
      entries.map(({ raw }) => bytesOf(raw)),
      entries.map(({ bronze }) => bytesOf(bronze)),
      entries.map(({ mtime }) => mtime),
      entries.map(({ inode }) => inode),
      plain,
      entries.map(({ raw }) => expected.get(raw)?.extension ?? null),
    ],
  );
  if (written < entries.length) throw new Overtaken();
  const names = await claimNames(sql, dataset, wanted);
  const others = wanted.flatMap(({ raw, names: { plain: first } }, i) =>
    names[i] === textOf(first) ? [] : [{ raw, name: names[i] as string }],
  );
  await renameAll(sql, dataset, others);
  counts.moved(dataset, undefined, "new", added.length);
}

/** Gives rows, all of which are there, the names that they got in place of their plain ones. */
async function renameAll(
  sql: Sql,
  dataset: number,
  renamed: readonly { readonly raw: string; readonly name: string }[],
): Promise<void> {
  if (renamed.length === 0) return;
  // Not by UPDATE FROM: with the statistics of an empty table, that joins with all rows.
  await sql.run(
    `INSERT INTO files (dataset, raw, bronze, mtime, seq, name)
     SELECT $1::int, raw, raw, 0, 0, name FROM unnest($2::bytea[], $3::text[]) AS t (raw, name)
       ORDER BY raw
     ON CONFLICT (dataset, raw) DO UPDATE SET name = excluded.name`,
    [dataset, renamed.map(({ raw }) => bytesOf(raw)), renamed.map(({ name }) => name)],
  );
}
