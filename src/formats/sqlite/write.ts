import { type Database, HEADER } from "./database.ts";
import { integerField, recordOf } from "./record.ts";
import type { TakenTable } from "./rows.ts";
import { type SchemaObject, withRoot } from "./schema.ts";
import { createPages, type Entry, writeTree } from "./write-tree.ts";

/** The version of the format without a write-ahead log. */
const VERSION = 1;
const LEAF_FRACTIONS_AT = 21;
const LEAF_FRACTIONS = [64, 32, 32];

/**
 * Writes a database with the objects and rows that are kept, a page for each item. Each tree's pages
 * follow each other; no page is free, and none has reserved bytes.
 */
export function writeDatabase(
  db: Database,
  objects: readonly SchemaObject[],
  tables: readonly TakenTable[],
): readonly Buffer[] {
  const pages = createPages(db.pageBytes);
  const roots = new Map<SchemaObject, number>();
  for (const { plan, isTable, rows, indexes } of tables) {
    roots.set(plan.object, writeTree(pages, rows, { isTable }));
    for (const [i, { object }] of plan.indexes.entries()) {
      roots.set(object, writeTree(pages, indexes[i] ?? [], { isTable: false }));
    }
  }
  writeTree(pages, objects.map(rowOf), { isTable: true, root: 1 });
  headerOf(db, pages.list.length).copy(pages.list[0] as Buffer);
  return pages.list;

  function rowOf(object: SchemaObject): Entry {
    const root = roots.get(object);
    const fields =
      root === undefined
        ? object.fields
        : withRoot(object, integerField(BigInt(root), db.schemaFormat));
    return { rowid: object.rowid, record: recordOf(fields) };
  }
}

/** The original's header, of a file with so many pages: no write-ahead log, free page or pointer map. */
function headerOf({ header }: Database, pages: number): Buffer {
  const written = Buffer.from(header);
  written.writeUInt8(VERSION, HEADER.writeVersion);
  written.writeUInt8(VERSION, HEADER.readVersion);
  written.writeUInt8(0, HEADER.reserved);
  written.set(LEAF_FRACTIONS, LEAF_FRACTIONS_AT);
  written.writeUInt32BE(pages, HEADER.pages);
  for (const at of [
    HEADER.freeList,
    HEADER.freePages,
    HEADER.largestRoot,
    HEADER.incrementalVacuum,
  ]) {
    written.writeUInt32BE(0, at);
  }
  written.writeUInt32BE(header.readUInt32BE(HEADER.changes), HEADER.validFor);
  return written;
}
