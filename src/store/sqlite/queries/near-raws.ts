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
import { pathText } from "../../../lib/pep383.ts";
import type { Db } from "../open.ts";

/**
 * Raws that may be meant by an unknown one: those with the same file name, else those that are
 * spelt alike. It uses indexes, so that it costs little where there are millions; where thousands
 * begin alike, the nearest may be missed.
 */
export function nearRaws(db: Db, misspelt: Misspelt): RawName[] {
  const same = sameFileName(db, misspelt);
  if (same.length > 0) return same.slice(0, misspelt.count);
  for (const begin of beginnings(misspelt.raw)) {
    const found = beginningWith(db, begin, misspelt.dataset);
    const near = nearestOf(found, misspelt);
    if (near.length > 0) return near;
  }
  return [];
}

/** Raws that end with this path, such as a file name alone; at most `count`. */
export function rawsEnding(db: Db, misspelt: Misspelt): RawName[] {
  return endingWith(sameFileName(db, misspelt), misspelt);
}

/** Raws that begin with a text, by dataset, at most `count`. */
export function rawsBeginning(db: Db, { raw, dataset, count }: Misspelt): RawName[] {
  return beginningWith(db, raw, dataset).slice(0, count);
}

function sameFileName(db: Db, { raw, dataset }: Misspelt): RawName[] {
  const begin = sampleNameOf(raw);
  // Names that a raw had before are kept, too.
  const rows = db
    .prepare(
      `SELECT d.name AS dataset, n.raw FROM datasets AS d
       CROSS JOIN names AS n ON n.dataset = d.id AND n.name >= @begin AND n.name < @end
       CROSS JOIN files AS f ON f.dataset = n.dataset AND f.raw = n.raw AND f.name = n.name
       WHERE @dataset IS NULL OR d.name = @dataset LIMIT ${LOOKED_AT}`,
    )
    .all({ begin, end: `${begin}\u{10ffff}`, dataset: dataset ?? null });
  return withSameFileName(namesOf(rows), raw);
}

/** Raws that begin with a text: texts, and bytes where they are not UTF-8. */
function beginningWith(db: Db, text: string, dataset: string | undefined): RawName[] {
  const rows = db
    .prepare(
      `SELECT d.name AS dataset, f.raw FROM datasets AS d
       CROSS JOIN (VALUES (@text, @textEnd), (@begin, @end)) AS span
       CROSS JOIN files AS f
         ON f.dataset = d.id AND f.raw >= span.column1 AND f.raw < span.column2
       WHERE @dataset IS NULL OR d.name = @dataset LIMIT ${LOOKED_AT}`,
    )
    .all({ text, textEnd: `${text}\u{10ffff}`, ...beginningOf(text), dataset: dataset ?? null });
  return namesOf(rows);
}

function namesOf(rows: unknown[]): RawName[] {
  return (rows as { dataset: string; raw: string | Buffer }[]).map(({ dataset, raw }) => ({
    dataset,
    raw: pathText(raw),
  }));
}
