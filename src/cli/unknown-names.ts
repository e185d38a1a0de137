import { matchesGlob } from "node:path";
import { datasetsOf } from "../store/sqlite/datasets.ts";
import { entriesOf } from "../store/sqlite/queries/entry.ts";
import { formatsOf, listEntries } from "../store/sqlite/queries/list.ts";
import { nearRaws } from "../store/sqlite/queries/near-raws.ts";
import type { Db } from "../store/sqlite/open.ts";
import { Failure } from "../errors.ts";
import { nearest } from "../lib/nearest.ts";
import { counted } from "../lib/text.ts";
import type { Context } from "./command.ts";
import { matchesRaw } from "./filter.ts";
import { tell } from "./output/print.ts";

/** Names that are offered for one that is unknown. */
const OFFERED = 5;
/** What makes a pattern of a name. */
const wildcard = /[*?]|\[.+\]|\{.+\}/;

/** Refuses a `--dataset` that means none of these. @throws Failure USAGE with the nearest names */
export function needDataset(glob: string | undefined, names: readonly string[]): void {
  if (glob === undefined || names.some((name) => matchesGlob(name, glob))) return;
  const near = nearest(glob, names, OFFERED);
  const all =
    names.length <= OFFERED && names.length > 0
      ? `there are: ${names.join(", ")}`
      : `${counted(names.length, "dataset is", "datasets are")} known: \`status --all\` names them`;
  const hint = near.length === 0 ? all : `did you mean ${near.join(", ")}?`;
  throw new Failure("USAGE", `--dataset ${glob}: there is no such dataset; ${hint}`);
}

/** What a command about raws was asked for. */
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

/**
 * Says that no entry has a raw, and which one may be meant; `also` goes between.
 * @throws Failure USAGE for an unknown dataset
 */
export function unknownRaw(
  db: Db,
  {
    raw,
    dataset,
    also = "",
  }: { readonly raw: string; readonly dataset: string | undefined; readonly also?: string },
): string {
  needDataset(dataset, datasetsOf(db).all());
  const where = dataset === undefined ? "" : ` in ${dataset}`;
  const near = nearRaws(db, { raw, dataset, count: OFFERED });
  const names = near.map((found) => `${found.dataset} ${found.raw}`);
  const hint =
    names.length === 0
      ? "`list` names what there is, and `status` says how much is unread"
      : `did you mean ${names.join(", ")}?`;
  return `no entry has the raw ${raw}${where}${also}; ${hint}`;
}
