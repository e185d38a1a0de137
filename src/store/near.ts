import { nearest } from "../lib/nearest.ts";
import { pathBytes } from "../lib/pep383.ts";
import { fileName } from "../lib/text.ts";
import { samplePath } from "../samples/path.ts";
import type { Misspelt, RawName } from "./rows.ts";

/** Names looked at for each beginning of the wanted one. */
export const LOOKED_AT = 1000;
/** Characters of a name that are right as a rule. */
const RIGHT = [3, 1, 0];

/** A name has 255 bytes at most. */
const LONGER_THAN_NAMES = 256;

/** The bytes of a path's beginning; those of all paths that begin so lie from there up to its end. */
export interface Beginning {
  readonly begin: Buffer;
  readonly end: Buffer;
}

/** The bytes between which paths begin with a text. */
export function beginningOf(text: string): Beginning {
  const begin = Buffer.from(pathBytes(text));
  return { begin, end: Buffer.concat([begin, Buffer.alloc(LONGER_THAN_NAMES, 0xff)]) };
}

/** The beginning of the sample names of all raws that have the same file name. */
export function sampleNameOf(raw: string): string {
  return samplePath(raw, { layout: "flat", extension: "" });
}

/** Those raws that have the file name of another. */
export function withSameFileName(found: readonly RawName[], raw: string): RawName[] {
  return found.filter((one) => fileName(one.raw) === fileName(raw));
}

/** Those raws that end with a path, at most `count`. */
export function endingWith(found: readonly RawName[], { raw, count }: Misspelt): RawName[] {
  const ending = found.filter((one) => one.raw === raw || one.raw.endsWith(`/${raw}`));
  return ending.slice(0, count);
}

/** Those raws that are spelt alike, the nearest first, at most `count`. */
export function nearestOf(found: readonly RawName[], { raw, count }: Misspelt): RawName[] {
  const near = nearest(raw, new Set(found.map((one) => one.raw)), count);
  return near.flatMap((name) => found.filter((one) => one.raw === name)).slice(0, count);
}

/**
 * Ever shorter beginnings of a path: its directories, with fewer and fewer characters of what
 * follows.
 */
export function beginnings(raw: string): string[] {
  const parts = raw.split("/");
  const all = parts.flatMap((_, i) => {
    const at = parts.length - 1 - i;
    const directory = parts.slice(0, at).map((part) => `${part}/`);
    return RIGHT.map((right) => directory.join("") + (parts[at] ?? "").slice(0, right));
  });
  return [...new Set(all)];
}
