import { pathBytes } from "../lib/pep383.ts";
import { insertOf } from "./insert.ts";
import type { Db } from "./open.ts";

/** Gives a raw the first of some names that no other raw has, and keeps it for ever. */
export type ClaimName = (dataset: number, raw: string, candidates: Iterable<string>) => string;

/** Prepares the statements. */
export function namesOf(db: Db): ClaimName {
  const insert = db.prepare("INSERT OR IGNORE INTO names (dataset, name, raw) VALUES (?, ?, ?)");
  const holds = db
    .prepare("SELECT 1 FROM names WHERE dataset = ? AND name = ? AND raw = ?")
    .pluck();
  return (dataset, raw, candidates) => {
    const key = pathBytes(raw);
    for (const name of candidates) {
      if (insert.run(dataset, name, key).changes === 1) return name;
      if (holds.get(dataset, name, key) !== undefined) return name;
    }
    throw new Error(`no sample name is left for ${raw}`);
  };
}

/** Gives each of some raws the first of its names that no other raw has; returns them in order. */
export type ClaimNames = (
  dataset: number,
  raws: readonly string[],
  candidatesFor: (raw: string) => Iterable<string>,
) => string[];

/** Prepares the statements. As a rule all raws get their first name, and nothing else is asked. */
export function manyNamesOf(db: Db): ClaimNames {
  const claimName = namesOf(db);
  const columns = ["name", "raw"];
  const insert = insertOf(db, { table: "names", shared: ["dataset"], columns, ignores: true });
  return (dataset, raws, candidatesFor) => {
    const names = raws.map((raw) => firstOf(candidatesFor(raw)));
    const values: unknown[] = [];
    for (const [i, raw] of raws.entries()) values.push(names[i], pathBytes(raw));
    if (insert([dataset], values) === raws.length) return names;
    return raws.map((raw) => claimName(dataset, raw, candidatesFor(raw)));
  };
}

function firstOf(names: Iterable<string>): string {
  for (const name of names) return name;
  throw new Error("no name to choose from");
}

/** Gives a raw another name, since its content asked for it; returns the one it got. */
export type Rename = (
  dataset: number,
  raw: string,
  candidates: Iterable<string>,
  extension: string | null,
) => string;

/** Prepares the statements. */
export function renameOf(db: Db): Rename {
  const claimName = namesOf(db);
  const update = db.prepare(
    "UPDATE files SET name = ?, extension = ? WHERE dataset = ? AND raw = ?",
  );
  return db.transaction((dataset, raw, candidates, extension): string => {
    const name = claimName(dataset, raw, candidates);
    update.run(name, extension, dataset, pathBytes(raw));
    return name;
  });
}
