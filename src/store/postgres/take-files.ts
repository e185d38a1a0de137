import { decideFound, type KnownFile } from "../decide.ts";
import type { RawBatch, RawTaken } from "../raw-store.ts";
import type { Sql } from "./connect.ts";
import { createCounts } from "./counts.ts";
import { changeFiles, lockFiles } from "./file-rows.ts";
import { forgottenAmong } from "./forgotten.ts";
import type { FoundFile } from "./resting.ts";
import { type DueEntry, writeDue } from "./write-due.ts";

/** Files that were found and are complete. */
interface ReadyFiles extends Pick<RawBatch, "expectedFor"> {
  readonly files: readonly FoundFile[];
  /** ms since epoch. */
  readonly now: number;
}

interface Row extends KnownFile {
  /** ms since epoch. */
  readonly goneAt: number | null;
}

/**
 * Makes found files due that are new or changed, within a transaction. A file that was found is
 * opened where it was: its bronze is its raw.
 */
export async function takeFiles(
  sql: Sql,
  dataset: number,
  { files, expectedFor, now }: ReadyFiles,
): Promise<RawTaken> {
  const rows = await lockFiles<Row>(
    sql,
    files.map(({ raw }) => ({ dataset, raw })),
    `next_at AS "nextAt", outcome, done_mtime AS "doneMtime", mtime, inode, gone_at AS "goneAt",
     source_size AS "sourceSize"`,
  );
  const unknown = files.filter((_, i) => rows[i] === undefined);
  const forgotten = await forgottenAmong(sql, dataset, unknown);
  const due: DueEntry[] = [];
  const back: string[] = [];
  for (const [i, file] of files.entries()) {
    const { raw, mtime, inode } = file;
    const row = rows[i];
    if (!forgotten.has(raw) && decideFound(file, row) !== "unchanged")
      due.push({ raw, bronze: raw, mtime, inode, isNew: row === undefined });
    else if (typeof row?.goneAt === "number") back.push(raw);
  }
  const rowsBack = back.map((raw) => ({ key: { dataset, raw } }));
  await changeFiles(sql, { rows: rowsBack, given: [], set: "gone_at = NULL" });
  const counts = createCounts();
  await writeDue(sql, due, { dataset, counts, now, expectedFor });
  await counts.save(sql);
  return { due: due.length, unchanged: files.length - due.length };
}
