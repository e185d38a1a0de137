import type { Settings } from "../../config/settings.ts";
import { HEAD_BYTES } from "../../lib/source.ts";
import { checkShown } from "../../masking/shown.ts";
import { heldSample, heldSamples, openSample } from "../../samples/open.ts";
import type { Queries } from "../../store/queries.ts";
import type { ListedEntry } from "../../store/rows.ts";
import type { View, ViewOptions } from "../../view/view.ts";

/** The tools with which samples are looked at. */
export interface SampleViewer {
  readonly settings: Settings;
  readonly queries: Pick<Queries, "entriesOf">;
  /** Shows a file, as `readView` does. */
  readonly view: (path: string, options: ViewOptions) => Promise<View>;
}

/** A sample that is looked at. */
export interface LookedAt {
  /** All of its bytes; undefined for one of more than 64 KiB. */
  readonly bytes: Uint8Array | undefined;
  /** Shows it whole. @throws Failure */
  readonly view: () => Promise<View>;
}

/** Rows that a sample has at most. */
const MOST_ROWS = 100_000;

/**
 * Looks at the sample of an entry, whose directory is held meanwhile.
 * @throws Failure where there is none, it cannot be read, or it must not be shown
 */
export async function withSample<T>(
  { settings, queries, view }: SampleViewer,
  { dataset, raw, sample }: ListedEntry,
  work: (sample: LookedAt) => Promise<T>,
): Promise<T> {
  const { mask, extensions } = settings.forDataset(dataset);
  if (mask !== null) for (const one of await queries.entriesOf(raw, dataset)) checkShown(mask, one);
  using held = heldSamples(settings, dataset);
  const { path, roots } = heldSample(held, sample ?? "");
  const file = openSample(held, sample ?? "");
  let bytes: Uint8Array | undefined;
  try {
    bytes = file.size <= HEAD_BYTES ? await file.head() : undefined;
  } finally {
    file.close();
  }
  const options = { rows: MOST_ROWS, roots, extensions, hasWholeCells: true };
  return await work({ bytes, view: () => view(path, options) });
}
