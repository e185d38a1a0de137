import { matchesGlob } from "node:path";
import type { Contract, DataObject } from "./contract.ts";

/** The object that a file is held to; undefined for none. */
export type Chosen =
  | DataObject
  | undefined
  /** The settings name an object that the contract does not have. */
  | { readonly unknown: string }
  /** It cannot be told which one. */
  | { readonly reason: string };

/**
 * Chooses the object of a contract that a file is held to, by its paths: those of raw, and of a
 * member of an archive. With globs, only files that one of them matches are checked. Without, it is
 * the object whose name the file has before whatever follows it (`orders` for
 * `orders_2026-01-18.csv`), else the only one.
 */
export function chooseObject(
  { objects }: Contract,
  paths: readonly string[],
  globs: Readonly<Record<string, string>>,
): Chosen {
  const all = Object.entries(globs);
  if (all.length > 0) {
    const wanted = all.find(([glob]) => paths.some((path) => matchesGlob(path, glob)))?.[1];
    if (wanted === undefined) return undefined;
    return objects.find(({ names }) => names.includes(wanted)) ?? { unknown: wanted };
  }
  if (objects.length === 1) return objects[0];
  const files = paths.map((path) => path.slice(path.lastIndexOf("/") + 1).toLowerCase());
  const named = objects
    .flatMap((object) => object.names.map((name) => ({ object, name: name.toLowerCase() })))
    .toSorted((a, b) => b.name.length - a.name.length)
    .find(({ name }) => files.some((file) => isStemOf(name, file)));
  const reason =
    "none of the contract's objects has the file's name: say which in contracts.objects";
  return named?.object ?? { reason };
}

/** True where a file's name begins with a name, and what follows does not go on with it. */
function isStemOf(name: string, file: string): boolean {
  return file.startsWith(name) && !/^\p{L}/u.test(file.slice(name.length));
}
