import { Failure } from "../../errors.ts";
import { wordsIn } from "../../lib/words.ts";
import type { Queries } from "../../store/queries.ts";
import type { ListedEntry } from "../../store/rows.ts";
import type { SampleWords, SearchIndex } from "../../store/search-index.ts";
import { textOfValues } from "./plain-text.ts";
import { type SampleViewer, withSample } from "./sample-view.ts";
import { valuesOf } from "./view-values.ts";
import { entriesNotIn, keyOf } from "./sampled-entries.ts";

/** Samples that are added with one transaction. */
const TOGETHER = 100;
/** An index is emptied once more of its samples are gone than are there, by this many. */
const MOST_GONE = 1000;

/** Options of `indexSamples`. */
export interface IndexOptions extends SampleViewer {
  readonly queries: Pick<Queries, "entriesOf" | "browse" | "totals">;
  readonly index: SearchIndex;
  readonly datasets: readonly string[];
  /** Called after each transaction with the number of samples so far. */
  readonly onAdded: (samples: number) => void;
  /** Ends it between two samples; all that was added stays. */
  readonly signal: AbortSignal;
}

/** Brings an index up to date with the samples that there are. Returns how many it took in. */
export async function indexSamples(options: IndexOptions): Promise<number> {
  const { index, queries, datasets, onAdded, signal } = options;
  let added = 0;
  await clearWhereMostIsGone(options);
  for (const dataset of datasets) {
    let newest: number | undefined;
    let batch: SampleWords[] = [];
    const add = async () => {
      await index.add(batch);
      added += batch.length;
      batch = [];
      onAdded(added);
    };
    for await (const found of entriesNotIn(index, queries, [dataset])) {
      if (signal.aborted) break;
      newest ??= found.at;
      batch.push({ ...keyOf(found), words: await wordsOf(options, found.entry) });
      if (batch.length === TOGETHER) await add();
    }
    if (batch.length > 0) await add();
    if (signal.aborted) return added;
    if (newest !== undefined) await index.reach(dataset, newest);
  }
  return added;
}

/** The words of a sample; undefined where it cannot be shown. */
async function wordsOf(
  viewer: SampleViewer,
  entry: ListedEntry,
): Promise<readonly string[] | undefined> {
  try {
    return await withSample(viewer, entry, async ({ bytes, view }) => {
      const { sample, format } = entry;
      const text = bytes === undefined ? undefined : textOfValues(sample ?? "", format, bytes);
      if (text !== undefined) return [...new Set(wordsIn(text))];
      const words = new Set<string>();
      for (const { value } of valuesOf(await view()))
        for (const word of wordsIn(value)) words.add(word);
      return [...words];
    });
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Samples that retention removed, and those of forgotten datasets, are never asked for again. */
async function clearWhereMostIsGone({ index, queries }: IndexOptions): Promise<void> {
  const totals = await queries.totals(Date.now());
  const there = totals.reduce((sum, { sampled }) => sum + sampled, 0);
  if ((await index.count()) > 2 * there + MOST_GONE) await index.clear();
}
