import type { Names } from "../ingest-store.ts";
import { pathBytes } from "../../lib/pep383.ts";
import { insertOf } from "./insert.ts";
import type { Db } from "./open.ts";

/** Prefix of the folded form of a name, which is claimed as well where case does not count. */
export const FOLDED = "\u0000";

/** Gives a raw the first of its names that no other raw has, and keeps it for ever. */
export type ClaimName = (dataset: number, raw: string, names: Names) => string;

/** Prepares the statements. */
export function namesOf(db: Db): ClaimName {
  const insert = db.prepare("INSERT OR IGNORE INTO names (dataset, name, raw) VALUES (?, ?, ?)");
  const holds = db
    .prepare("SELECT 1 FROM names WHERE dataset = ? AND name = ? AND raw = ?")
    .pluck();
  return (dataset, raw, { plain, ifTaken, foldsCase = false }) => {
    const key = pathBytes(raw);
    const claims = (name: string) =>
      insert.run(dataset, name, key).changes === 1 || holds.get(dataset, name, key) !== undefined;
    const isOurs = (name: string) =>
      claims(name) && (!foldsCase || claims(FOLDED + name.normalize().toLowerCase()));
    if (isOurs(plain)) return plain;
    const other = ifTaken();
    if (isOurs(other)) return other;
    throw new Error(`no sample name is left for ${raw}`);
  };
}

/** Gives each of some raws the first of its names that no other raw has; returns them in order. */
export type ClaimNames = (dataset: number, wanted: readonly Wanted[]) => string[];

/** A raw, and the names it may have. */
export interface Wanted {
  readonly raw: string;
  readonly names: Names;
}

/**
 * Prepares the statements. As a rule all raws get their plain name, and nothing else is looked up.
 */
export function manyNamesOf(db: Db): ClaimNames {
  const claimName = namesOf(db);
  const columns = ["name", "raw"];
  const insert = insertOf(db, { table: "names", shared: ["dataset"], columns, ignores: true });
  return (dataset, wanted) => {
    const values: unknown[] = [];
    for (const { raw, names } of wanted) values.push(names.plain, pathBytes(raw));
    const isPlain = wanted.every(({ names }) => names.foldsCase !== true);
    if (isPlain && insert([dataset], values) === wanted.length)
      return wanted.map(({ names }) => names.plain);
    return wanted.map(({ raw, names }) => claimName(dataset, raw, names));
  };
}

/** Gives a raw another name, since its content asked for it; returns the name it got. */
export type Rename = (
  dataset: number,
  raw: string,
  names: Names,
  extension: string | null,
) => string;

/** Prepares the statements. */
export function renameOf(db: Db): Rename {
  const claimName = namesOf(db);
  const update = db.prepare(
    "UPDATE files SET name = ?, extension = ? WHERE dataset = ? AND raw = ?",
  );
  return db.transaction((dataset, raw, names, extension): string => {
    const name = claimName(dataset, raw, names);
    update.run(name, extension, dataset, pathBytes(raw));
    return name;
  });
}
