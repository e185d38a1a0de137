import { matchesGlob } from "node:path";
import { Failure } from "../errors.ts";
import { unknownRaw } from "../inspect/unknown-names.ts";
import type { Db } from "../store/sqlite/open.ts";
import { entriesOf } from "../store/sqlite/queries/entry.ts";
import { formatsOf, listEntries } from "../store/sqlite/queries/list.ts";
import type { Context } from "./command.ts";
import { matchesRaw } from "./filter.ts";
import { tell } from "./output/print.ts";

/** Characters that make a pattern of a name. */
const wildcard = /[*?]|\[.+\]|\{.+\}/;

/** Filters of a command about raws. */
export interface Wanted {
  readonly glob?: string;
  readonly dataset?: string;
  readonly format?: string;
}

/**
 * To be asked where nothing was found, since it may look at every entry: says so where a pattern
 * means no raw, or a format no entry.
 * @throws Failure USAGE where a raw was named that no entry has
 */
export function explainNothing(db: Db, { glob, dataset, format }: Wanted, context: Context): void {
  if (glob !== undefined) needRaw(db, { glob, dataset }, context);
  if (format === undefined) return;
  const known = formatsOf(db);
  if (known.some((one) => matchesGlob(one, format))) return;
  tell(
    context,
    `staging-sampler: nothing has the format ${format}; there are: ${known.join(", ")}`,
  );
}

function needRaw(
  db: Db,
  { glob, dataset = "**" }: { readonly glob: string; readonly dataset: string | undefined },
  context: Context,
): void {
  const hasDataset = (name: string) => matchesGlob(name, dataset);
  if (!wildcard.test(glob)) {
    if (entriesOf(db, glob).some((entry) => hasDataset(entry.dataset))) return;
    throw new Failure("USAGE", unknownRaw(db, { raw: glob, dataset: undefined }));
  }
  const hasRaw = (raw: string) => matchesRaw(raw, glob);
  if (!listEntries(db, { hasRaw, hasDataset, limit: 1 }).next().done) return;
  tell(context, `staging-sampler: no entry has a raw that matches ${glob}`);
}
