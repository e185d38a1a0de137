import { isUtf8 } from "node:buffer";
import { type Facts, type Source, type Target, textFacts } from "../copy/parts.ts";
import { columnsOf, type Kind, quoted, type Row, type Table, type Value } from "../copy/tables.ts";
import { textOf } from "../paths.ts";
import { keepKey, readKey } from "../../lake/state-key.ts";
import { arrivalsOf } from "./arrivals.ts";
import { metaOf, setMeta } from "./meta.ts";
import { FOLDED } from "./names.ts";
import { cachePath } from "./cache-files.ts";
import type { Db } from "./open.ts";

/** A value as SQLite takes and gives it. */
type Cell = number | string | Buffer | null;

/** The tables of the cache of a state directory, to be read. */
export function cacheTables(db: Db, state: string): Source {
  return {
    name: cachePath(state),
    count: async (table) =>
      db.prepare(`SELECT count(*) FROM ${table.name}`).pluck().get() as number,
    async rowsAfter(table, key, limit) {
      const columns = table.key.filter(isKept).map(quoted).join(", ");
      const after = key && cellsOf(table.key, key);
      const where = after && `WHERE (${columns}) > (${after.map(() => "?").join(", ")})`;
      const select = `SELECT ${keptColumns(table).join(", ")} FROM ${table.name}`;
      const rows = db
        .prepare(`${select} ${where ?? ""} ORDER BY ${columns} LIMIT ?`)
        .raw()
        .all(...(after ?? []), limit) as Cell[][];
      return rows.map((cells) => rowOf(table, cells));
    },
    async facts() {
      const texts = textFacts.map((key) => [key, metaOf(db, key)]);
      const urlKey = readKey(state)?.toString("hex");
      return { ...Object.fromEntries(texts), urlKey, lastArrival: arrivalsOf(db).last() } as Facts;
    },
  };
}

/** The same, to be filled: of a cache that nobody else can see yet. */
export function cacheToFill(db: Db, state: string): Omit<Target, "howToClear"> {
  return {
    ...cacheTables(db, state),
    note: async () => metaOf(db, "migration"),
    isTaken: async () => db.prepare("SELECT 1 FROM datasets LIMIT 1").get() !== undefined,
    cameFrom: async () => metaOf(db, "migratedFrom"),
    async add(table, rows, note) {
      const columns = keptColumns(table);
      const marks = columns.map(() => "?").join(", ");
      const insert = db.prepare(
        `INSERT INTO ${table.name} (${columns.join(", ")}) VALUES (${marks})`,
      );
      db.transaction(() => {
        for (const row of rows) insert.run(...cellsOf(columnsOf(table), row));
        setMeta(db, "migration", note);
      })();
    },
    async empty(table, note) {
      db.transaction(() => {
        db.exec(`DELETE FROM ${table.name}`);
        setMeta(db, "migration", note);
      })();
    },
    async finish({ lastArrival, urlKey, ...texts }, from) {
      if (urlKey !== undefined) keepKey(state, Buffer.from(urlKey, "hex"));
      db.transaction(() => {
        for (const key of textFacts) if (texts[key] !== undefined) setMeta(db, key, texts[key]);
        arrivalsOf(db).save(lastArrival);
        setMeta(db, "migratedFrom", from);
        db.exec("DELETE FROM facts WHERE key = 'migration'");
      })();
    },
  };
}

/** False for the column that a cache does without: it has a prefix in the names themselves. */
function isKept(column: string): boolean {
  return column !== "is_folded";
}

function keptColumns(table: Table): readonly string[] {
  return columnsOf(table).filter(isKept).map(quoted);
}

function rowOf(table: Table, cells: readonly Cell[]): Row {
  const all = cells.values();
  const { columns } = table;
  const row: Value[] = [];
  let isFolded = false;
  for (const [column, kind] of Object.entries(columns)) {
    if (!isKept(column)) {
      row.push(isFolded);
      continue;
    }
    const cell = all.next().value as Cell;
    isFolded = "is_folded" in columns && column === "name" && String(cell).startsWith(FOLDED);
    row.push(valueOf(kind, isFolded ? String(cell).slice(FOLDED.length) : cell));
  }
  return row;
}

function valueOf(kind: Kind, cell: Cell): Value {
  if (cell === null || typeof cell === "number") return cell;
  if (kind === "path") return typeof cell === "string" ? Buffer.from(cell) : cell;
  return textOf(String(cell));
}

/** The cells of some columns: `values` has one for each. */
function cellsOf(columns: readonly string[], values: Row): Cell[] {
  const isFolded = values[columns.indexOf("is_folded")] === true;
  const cells: Cell[] = [];
  for (const [i, column] of columns.entries()) {
    const value = values[i] as Value;
    if (typeof value === "boolean") continue;
    if (Buffer.isBuffer(value)) cells.push(isUtf8(value) ? value.toString() : value);
    else cells.push(isFolded && column === "name" ? FOLDED + String(value) : value);
  }
  return cells;
}
