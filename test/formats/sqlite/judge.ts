import { createHash } from "node:crypto";
import Database from "better-sqlite3";
import { expect } from "vitest";
import { openDatabase } from "../../../src/formats/sqlite/database.ts";
import { readSchema } from "../../../src/formats/sqlite/schema.ts";
import { openTree } from "../../../src/formats/sqlite/tree.ts";

type Db = InstanceType<typeof Database>;

interface Row {
  readonly type: string;
  readonly name: string;
  readonly tbl_name: string;
  readonly sql: string | null;
}

/**
 * Holds a sample to its original, as SQLite reads both: it has so many first rows of each table, or as
 * many as it has. Returns the names that it does not have.
 */
export async function judge(original: Buffer, sample: Buffer, most?: number): Promise<string[]> {
  const [before, after] = [new Database(original), new Database(sample)];
  try {
    expect(after.pragma("integrity_check(5)")).toEqual([{ integrity_check: "ok" }]);
    const [wanted, found] = [schemaOf(before), schemaOf(after)];
    for (const pragma of ["page_size", "encoding", "user_version", "application_id"]) {
      expect(after.pragma(pragma)).toEqual(before.pragma(pragma));
    }
    for (const pragma of ["auto_vacuum", "freelist_count"]) {
      expect(after.pragma(pragma, { simple: true })).toBe(0);
    }
    const names = new Set(found.map(({ name }) => name));
    expect(found).toEqual(wanted.filter(({ name }) => names.has(name)));
    for (const { name, type } of found) {
      if (type !== "table") continue;
      const rows = rowsOf(after, name);
      const first = rowsOf(before, name).slice(0, most ?? rows.length);
      const differs = rows.findIndex((row, i) => row !== first[i]);
      expect([name, rows.length, rows[differs]]).toEqual([name, first.length, first[differs]]);
    }
    const ours = await indexesOf(sample);
    after.exec("REINDEX");
    const made = await indexesOf(after.serialize());
    expect(Object.keys(ours)).toEqual(Object.keys(made));
    for (const [name, entries] of Object.entries(made)) {
      const differs = entries.findIndex((entry, i) => entry !== ours[name]?.[i]);
      const found = [name, ours[name]?.length, ours[name]?.[differs]];
      expect(found).toEqual([name, entries.length, entries[differs]]);
    }
    return wanted.filter(({ name }) => !names.has(name)).map(({ name }) => name);
  } finally {
    before.close();
    after.close();
  }
}

function schemaOf(db: Db): Row[] {
  return db
    .prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid")
    .all() as Row[];
}

/** Rows in the order of their tree, with types and exact values. */
function rowsOf(db: Db, table: string): string[] {
  const columns = db.prepare("SELECT name FROM pragma_table_xinfo(?)").pluck().all(table);
  const isWithout = db
    .prepare("SELECT wr FROM pragma_table_list WHERE name = ?")
    .pluck()
    .get(table);
  const shown = columns.map((name) => `typeof("${name}"), quote("${name}"), hex("${name}")`);
  const key = db
    .prepare(
      `SELECT '"' || k.name || '" COLLATE ' || k.coll || iif(k.desc, ' DESC', '')
       FROM pragma_index_list(?) AS i, pragma_index_xinfo(i.name) AS k WHERE i.origin = 'pk' AND k.key`,
    )
    .pluck()
    .all(table);
  const [list, order] =
    isWithout === 1 ? [shown, key.join(", ")] : [["CAST(rowid AS TEXT)", ...shown], "rowid"];
  const rows = db
    .prepare(`SELECT ${list.join(", ")} FROM "${table}" ORDER BY ${order}`)
    .raw()
    .all();
  return rows.map((row) => JSON.stringify(row));
}

/** The entries of all indexes, byte by byte. */
async function indexesOf(bytes: Buffer): Promise<Record<string, string[]>> {
  const db = await openDatabase(async (start, end) => bytes.subarray(start, end));
  const entries: Record<string, string[]> = {};
  for (const { type, name, root } of await readSchema(db)) {
    if (type !== "index") continue;
    const list: string[] = (entries[name] = []);
    for await (const cell of (await openTree(db, root)).cells()) {
      const record = (await cell.record()).toString("hex");
      list.push(
        record.length > 80 && !process.env.FULL
          ? createHash("sha1").update(record).digest("hex")
          : record,
      );
    }
  }
  return entries;
}
