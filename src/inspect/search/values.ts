import { Failure } from "../../errors.ts";
import { phraseTest, wordsIn } from "../../lib/words.ts";
import type { Queries } from "../../store/queries.ts";
import type { ListedEntry } from "../../store/rows.ts";
import type { SearchIndex } from "../../store/search-index.ts";
import type { View } from "../../view/view.ts";
import { mayHave, textOfValues } from "./plain-text.ts";
import { type SampleViewer, withSample } from "./sample-view.ts";
import { type SampleValue, valuesOf } from "./view-values.ts";
import { entriesNotIn } from "./sampled-entries.ts";

/** The first value of a sample that was searched for. */
export interface FoundValue extends SampleValue {
  readonly dataset: string;
  readonly raw: string;
  readonly sample: string;
  /** Number of values of the sample that match. */
  readonly values: number;
}

/** Values to search for, and by what. */
export interface ValueSearch extends SampleViewer {
  readonly queries: Pick<Queries, "entriesOf" | "browse">;
  readonly index: SearchIndex | undefined;
  /** Words that a value has, whole and one after the other. */
  readonly text: string;
  readonly datasets: readonly string[];
  /** True once no further sample may be looked at. */
  readonly isOver: () => boolean;
}

/** The extent of a search for values. */
export interface Searched {
  /** Samples that were looked at because they are in no index. */
  readonly looked: number;
  /** Samples that could not be looked at. */
  readonly failed: number;
  /** False where the time was over before all of them were looked at. */
  readonly isComplete: boolean;
}

/** Samples that an index names for one search, at most. */
const MOST_NAMED = 1_000_000;

/**
 * Yields the samples that have a value, with the first one: those that the index knows, then those
 * that it does not have yet.
 */
export async function* valuesIn(search: ValueSearch): AsyncGenerator<FoundValue, Searched, void> {
  const { index, queries, text, datasets, isOver } = search;
  const words = wordsIn(text);
  if (words.length === 0) return { looked: 0, failed: 0, isComplete: true };
  const [isWorthIt, matches] = [mayHave(words), phraseTest(words)];
  const named = (await index?.samplesWith(words, MOST_NAMED)) ?? [];
  let looked = 0;
  let failed = (await index?.failures(datasets)) ?? 0;
  for await (const { entry, isNamed } of candidates()) {
    if (isOver()) return { looked, failed, isComplete: false };
    if (!isNamed) looked += 1;
    try {
      const found = await withSample(search, entry, async ({ bytes, view }) => {
        if (bytes !== undefined && !isWorthIt(bytes)) return undefined;
        const text =
          bytes === undefined ? undefined : textOfValues(entry.sample ?? "", entry.format, bytes);
        return text === undefined || matches(text) ? firstIn(await view(), matches) : undefined;
      });
      if (found !== undefined) {
        const { dataset, raw, sample } = entry;
        yield { dataset, raw, sample: sample ?? "", ...found };
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failed += 1;
    }
  }
  return { looked, failed, isComplete: named.length < MOST_NAMED };

  async function* candidates(): AsyncGenerator<{ entry: ListedEntry; isNamed: boolean }> {
    for await (const entry of entriesNamed()) yield { entry, isNamed: true };
    for await (const { entry } of entriesNotIn(index, queries, datasets))
      yield { entry, isNamed: false };
  }

  async function* entriesNamed(): AsyncGenerator<ListedEntry> {
    const wanted = new Set(datasets);
    for (const sample of named) {
      if (!wanted.has(sample.dataset)) continue;
      const [entry] = await queries.entriesOf(sample.raw, sample.dataset);
      // One that was sampled again since is not in the index, and comes with those.
      if (entry !== undefined && Date.parse(entry.at ?? "") === sample.at) yield entry;
    }
  }
}

function firstIn(
  view: View,
  matches: (text: string) => boolean,
): (SampleValue & Pick<FoundValue, "values">) | undefined {
  let first: SampleValue | undefined;
  let values = 0;
  for (const value of valuesOf(view)) {
    if (!matches(value.value)) continue;
    values += 1;
    first ??= value;
  }
  return first === undefined ? undefined : { ...first, values };
}
