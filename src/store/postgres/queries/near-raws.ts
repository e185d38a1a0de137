import {
  beginningOf,
  beginnings,
  endingWith,
  LOOKED_AT,
  nearestOf,
  sampleNameOf,
  withSameFileName,
} from "../../near.ts";
import type { Misspelt, RawName } from "../../rows.ts";
import type { Sql } from "../connect.ts";
import { pathOf } from "../../paths.ts";

/** A row with a raw and its dataset. */
export interface NamedRow {
  readonly dataset: string;
  readonly raw: Buffer;
}

/** `names` that raws have now: those that they had before are kept, too. */
export const CURRENT_NAMES = `names JOIN LATERAL (
  SELECT name AS current FROM files WHERE dataset = names.dataset AND raw = names.raw LIMIT 1
) AS f ON f.current = names.name`;

/** The raws of some rows. */
export function namesOf(rows: readonly NamedRow[]): RawName[] {
  return rows.map(({ dataset, raw }) => ({ dataset, raw: pathOf(raw) }));
}

/**
 * Raws that may be meant by an unknown one: those with the same file name, else those that are
 * spelt alike. It uses indexes, so that it costs little where there are millions; where thousands
 * begin alike, the nearest may be missed.
 */
export async function nearRaws(sql: Sql, misspelt: Misspelt): Promise<readonly RawName[]> {
  const same = await sameFileName(sql, misspelt);
  if (same.length > 0) return same.slice(0, misspelt.count);
  for (const begin of beginnings(misspelt.raw)) {
    const near = nearestOf(await beginningWith(sql, begin, misspelt.dataset), misspelt);
    if (near.length > 0) return near;
  }
  return [];
}

/** Raws that end with this path, such as a file name alone; at most `count`. */
export async function rawsEnding(sql: Sql, misspelt: Misspelt): Promise<readonly RawName[]> {
  return endingWith(await sameFileName(sql, misspelt), misspelt);
}

/** Raws that begin with a text, by dataset, at most `count`. */
export async function rawsBeginning(
  sql: Sql,
  { raw, dataset, count }: Misspelt,
): Promise<readonly RawName[]> {
  return (await beginningWith(sql, raw, dataset)).slice(0, count);
}

async function sameFileName(sql: Sql, { raw, dataset }: Misspelt): Promise<RawName[]> {
  const begin = sampleNameOf(raw);
  const rows = await sql.all<NamedRow>(
    `SELECT d.name AS dataset, n.raw FROM datasets AS d
     CROSS JOIN LATERAL (
       SELECT name, raw FROM ${CURRENT_NAMES}
       WHERE dataset = d.id AND name >= $1 AND name < $2 AND NOT is_folded
       ORDER BY name LIMIT ${LOOKED_AT}) AS n
     WHERE $3::text IS NULL OR d.name = $3 ORDER BY d.name, n.name LIMIT ${LOOKED_AT}`,
    [begin, `${begin}\u{10ffff}`, dataset],
  );
  return withSameFileName(namesOf(rows), raw);
}

async function beginningWith(
  sql: Sql,
  text: string,
  dataset: string | undefined,
): Promise<RawName[]> {
  const { begin, end } = beginningOf(text);
  const rows = await sql.all<NamedRow>(
    `SELECT d.name AS dataset, f.raw FROM datasets AS d
     CROSS JOIN LATERAL (
       SELECT raw FROM files WHERE dataset = d.id AND raw >= $1 AND raw < $2
       ORDER BY raw LIMIT ${LOOKED_AT}) AS f
     WHERE $3::text IS NULL OR d.name = $3 ORDER BY d.name, f.raw LIMIT ${LOOKED_AT}`,
    [begin, end, dataset],
  );
  return namesOf(rows);
}
