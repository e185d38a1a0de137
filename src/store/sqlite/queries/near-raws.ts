import type { Misspelt, RawName } from "../../rows.ts";
import { nearest } from "../../../lib/nearest.ts";
import { pathText } from "../../../lib/pep383.ts";
import { fileName } from "../../../lib/text.ts";
import { samplePath } from "../../../samples/path.ts";
import type { Db } from "../open.ts";

/** Names looked at for each beginning of the wanted one. */
const LOOKED_AT = 1000;
/** Characters of a name that are right as a rule. */
const RIGHT = [3, 1, 0];

/**
 * Raws that may be meant by an unknown one: those with the same file name, else those that are
 * spelt alike. It uses indexes, so that it costs little where there are millions; where thousands
 * begin alike, the nearest may be missed.
 */
export function nearRaws(db: Db, misspelt: Misspelt): RawName[] {
  const same = sameFileName(db, misspelt);
  if (same.length > 0) return same.slice(0, misspelt.count);
  for (const begin of beginnings(misspelt.raw)) {
    const found = beginningWith(db, "files.raw", begin, misspelt.dataset);
    const near = nearest(misspelt.raw, new Set(found.map(({ raw }) => raw)), misspelt.count);
    const named = near.flatMap((raw) => found.filter((one) => one.raw === raw));
    if (named.length > 0) return named.slice(0, misspelt.count);
  }
  return [];
}

/** Raws that end with this path, such as a file name alone; at most `count`. */
export function rawsEnding(db: Db, misspelt: Misspelt): RawName[] {
  const { raw, count } = misspelt;
  return sameFileName(db, misspelt)
    .filter((found) => found.raw === raw || found.raw.endsWith(`/${raw}`))
    .slice(0, count);
}

/** Raws that begin with a text, by dataset, at most `count`. */
export function rawsBeginning(db: Db, { raw, dataset, count }: Misspelt): RawName[] {
  return beginningWith(db, "files.raw", raw, dataset).slice(0, count);
}

function sameFileName(db: Db, { raw, dataset }: Misspelt): RawName[] {
  const stem = samplePath(raw, { layout: "flat", extension: "" });
  const found = beginningWith(db, "names.name", stem, dataset);
  return found.filter((one) => fileName(one.raw) === fileName(raw));
}

/** Raws of which a column, the second of its table's key, begins with this text. */
function beginningWith(
  db: Db,
  column: "names.name" | "files.raw",
  begin: string,
  dataset: string | undefined,
): RawName[] {
  const [table] = column.split(".");
  const rows = db
    .prepare(
      `SELECT d.name AS dataset, ${table}.raw FROM datasets AS d
       CROSS JOIN ${table} ON ${table}.dataset = d.id AND ${column} >= @begin AND ${column} < @end
       WHERE @dataset IS NULL OR d.name = @dataset LIMIT ${LOOKED_AT}`,
    )
    .all({ begin, end: `${begin}\u{10ffff}`, dataset: dataset ?? null });
  return namesOf(rows);
}

/**
 * Ever shorter beginnings of a path: its directories, with fewer and fewer characters of what
 * follows.
 */
function beginnings(raw: string): string[] {
  const parts = raw.split("/");
  const all = parts.flatMap((_, i) => {
    const at = parts.length - 1 - i;
    const directory = parts.slice(0, at).map((part) => `${part}/`);
    return RIGHT.map((right) => directory.join("") + (parts[at] ?? "").slice(0, right));
  });
  return [...new Set(all)];
}

function namesOf(rows: unknown[]): RawName[] {
  return (rows as { dataset: string; raw: string | Buffer }[]).map(({ dataset, raw }) => ({
    dataset,
    raw: pathText(raw),
  }));
}
