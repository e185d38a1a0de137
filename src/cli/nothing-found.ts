import { matchesGlob } from "node:path";
import { Failure } from "../errors.ts";
import { unknownRaw } from "../inspect/unknown-names.ts";
import type { Context } from "./command.ts";
import { matchesRaw } from "./filter.ts";
import { tell } from "./output/print.ts";
import type { Queries } from "../store/queries.ts";

/** Matches characters that turn a name into a pattern. */
const wildcard = /[*?]|\[.+\]|\{.+\}/;

/** Filters of a command about raws. */
export interface Wanted {
  readonly glob?: string;
  readonly dataset?: string;
  readonly format?: string;
}

/**
 * Explains why nothing was found: a pattern that matches no raw, or a format that no entry has.
 * Called only where nothing was found, since it may look at every entry.
 * @throws Failure USAGE where a raw was named that no entry has
 */
export async function explainNothing(
  queries: Queries,
  { glob, dataset, format }: Wanted,
  context: Context,
): Promise<void> {
  if (glob !== undefined) await needRaw(queries, { glob, dataset }, context);
  if (format === undefined) return;
  const known = await queries.formats();
  if (known.some((one) => matchesGlob(one, format))) return;
  tell(
    context,
    `staging-sampler: nothing has the format ${format}; there are: ${known.join(", ")}`,
  );
}

async function needRaw(
  queries: Queries,
  { glob, dataset = "**" }: { readonly glob: string; readonly dataset: string | undefined },
  context: Context,
): Promise<void> {
  const hasDataset = (name: string) => matchesGlob(name, dataset);
  if (!wildcard.test(glob)) {
    const entries = await queries.entriesOf(glob);
    if (entries.some((entry) => hasDataset(entry.dataset))) return;
    throw new Failure("USAGE", await unknownRaw(queries, { raw: glob, dataset: undefined }));
  }
  const hasRaw = (raw: string) => matchesRaw(raw, glob);
  for await (const _ of queries.entries({ hasRaw, hasDataset, limit: 1 })) return;
  tell(context, `staging-sampler: no entry has a raw that matches ${glob}`);
}
