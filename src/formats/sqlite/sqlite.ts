import { loadedLater } from "../loaded-later.ts";
import type { Format } from "../types.ts";
import { isSqlite } from "./database.ts";

/**
 * SQLite databases, GeoPackages among them: the schema and the first rows of each table, whose records
 * are copied; indexes are made of these rows (sqlite.org/fileformat2.html). No SQL is run.
 */
export const sqlite: Format = {
  name: "sqlite",
  extensions: [".sqlite", ".sqlite3", ".gpkg", ".mbtiles"],
  kind: "binary",
  matches: isSqlite,
  sample: loadedLater(async () => (await import("./sample.ts")).sampleSqlite),
};
