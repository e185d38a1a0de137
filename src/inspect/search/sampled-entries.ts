import type { Queries } from "../../store/queries.ts";
import type { Cursor, ListedEntry } from "../../store/rows.ts";
import type { IndexedSample, SearchIndex } from "../../store/search-index.ts";

/** Entries of a dataset that are taken before it is the next one's turn. */
const TURN = 100;
/**
 * An outcome may be written a little later than its time says, ms: so much before the point that an
 * index has reached is looked at again.
 */
const LATE_MS = 5000;

/** An entry with a sample, and when it was settled, ms since epoch. */
export interface SampledEntry {
  readonly entry: ListedEntry;
  readonly at: number;
}

/**
 * Yields the entries of some datasets whose samples are not in an index, the newest of each dataset
 * first, a hundred of each in turn.
 */
export async function* entriesNotIn(
  index: SearchIndex | undefined,
  queries: Pick<Queries, "browse">,
  datasets: readonly string[],
): AsyncGenerator<SampledEntry, void, void> {
  let open: { readonly dataset: string; readonly after?: Cursor }[] = datasets.map((dataset) => ({
    dataset,
  }));
  while (open.length > 0) {
    const next: typeof open = [];
    for (const place of open) {
      const { dataset } = place;
      const from = ((await index?.reached(dataset)) ?? 0) - LATE_MS;
      const page = await queries.browse({ ...place, outcome: "sampled", limit: TURN });
      const found = page.entries.map((entry) => ({ entry, at: Date.parse(entry.at ?? "") }));
      for (const one of found) {
        if (one.at < from) break;
        if ((await index?.has(keyOf(one))) !== true) yield one;
      }
      const isDone = page.next === null || found.some(({ at }) => at < from);
      if (!isDone && page.next !== null) next.push({ dataset, after: page.next });
    }
    open = next;
  }
}

/** The key of a sample in an index. */
export function keyOf({ entry: { dataset, raw }, at }: SampledEntry): IndexedSample {
  return { dataset, raw, at };
}
