import { distance } from "fastest-levenshtein";

/** Returns the name that is nearest to another, however far that is. */
export { closest } from "fastest-levenshtein";

/** Characters of a name that are compared; longer names are judged by their beginning. */
const COMPARED = 300;

/**
 * Returns the names that may be meant by an unknown one, nearest first, at most `count`: a third of
 * the characters may differ, and two always.
 */
export function nearest(name: string, names: Iterable<string>, count: number): string[] {
  const wanted = name.slice(0, COMPARED);
  const most = Math.max(2, Math.floor(wanted.length / 3));
  const near: { readonly name: string; readonly away: number }[] = [];
  for (const one of names) {
    if (Math.abs(one.length - name.length) > most) continue;
    const away = distance(wanted, one.slice(0, COMPARED));
    if (away <= most) near.push({ name: one, away });
  }
  const sorted = near.toSorted((a, b) => a.away - b.away || (a.name < b.name ? -1 : 1));
  return sorted.slice(0, count).map(({ name }) => name);
}
