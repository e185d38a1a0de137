import { expect } from "vitest";
import { pathText } from "../../src/lib/pep383.ts";
import type { Db } from "../../src/store/postgres/connect.ts";
import type { Db as Cache } from "../../src/store/sqlite/open.ts";

/** Tables, and the columns by which their rows are in order. */
const TABLES: Readonly<Record<string, readonly string[]>> = {
  files: ["raw"],
  names: ["name", "is_folded"],
  forgotten: ["raw"],
  checkpoints: ["file"],
  together: ["file"],
  rejected: ["id"],
  acknowledged_lines: ["line", "offset", "reason", "at"],
  totals: ["outcome"],
  counts: ["what"],
  unsynced: ["id"],
  raw_directories: ["path"],
  raw_names: ["directory"],
  raw_resting: ["directory", "name"],
};

/** Columns that only one of them has, or has in another way. */
const NOT_IN_BOTH = new Set(["counted", "lane", "host"]);

type Row = Record<string, unknown>;

/** Expects the same rows, to the last field, in a cache and in a database. */
export async function expectSameTables(cache: Cache, db: Db): Promise<void> {
  for (const [table, order] of Object.entries(TABLES)) {
    const ofCache = cache.prepare(`SELECT * FROM ${table}`).all() as Row[];
    const ofDatabase = await db.all<Row>(`SELECT * FROM ${table}`);
    const [expected, found] = [ofCache, ofDatabase].map((rows) =>
      rows
        .map(comparable)
        .filter((row) => row["n"] !== 0)
        .toSorted((a, b) => (keyOf(a, order) < keyOf(b, order) ? -1 : 1))
        .map(({ id: _id, ...row }) => row),
    );
    expect(found, table).toEqual(expected);
  }
}

/** A row with paths as texts, and a folded name as PostgreSQL has it. */
function comparable(row: Row): Row {
  const all = Object.entries(row).map(([column, value]): [string, unknown] => {
    if (value instanceof Uint8Array) return [column, pathText(value)];
    return [column, value];
  });
  const made = Object.fromEntries(all.filter(([column]) => !NOT_IN_BOTH.has(column)));
  const name = made["name"];
  if (typeof name !== "string" || !("raw" in made) || "bronze" in made) return made;
  const isFolded = name.startsWith("\0");
  return { is_folded: isFolded, ...made, name: isFolded ? name.slice(1) : name };
}

function keyOf(row: Row, order: readonly string[]): string {
  return order.map((column) => String(row[column]).padStart(20, "0")).join("\n");
}
