import { matchesGlob } from "node:path";
import { Failure } from "../errors.ts";
import { nearest } from "../lib/nearest.ts";
import { counted } from "../lib/text.ts";
import type { Queries } from "../store/queries.ts";

/** Names that are offered for an unknown one. */
const OFFERED = 5;

/**
 * Refuses a `--dataset` that matches none of these.
 * @throws Failure USAGE with the nearest names
 */
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

/**
 * A message that no entry has a raw, with those that may be meant; `also` goes between.
 * @throws Failure USAGE for an unknown dataset
 */
export async function unknownRaw(
  queries: Pick<Queries, "datasets" | "nearRaws">,
  {
    raw,
    dataset,
    also = "",
  }: { readonly raw: string; readonly dataset: string | undefined; readonly also?: string },
): Promise<string> {
  needDataset(dataset, await queries.datasets());
  const where = dataset === undefined ? "" : ` in ${dataset}`;
  const near = await queries.nearRaws({ raw, dataset, count: OFFERED });
  const names = near.map((found) => `${found.dataset} ${found.raw}`);
  const hint =
    names.length === 0
      ? "`list` names what there is, and `status` says how much is unread"
      : `did you mean ${names.join(", ")}?`;
  return `no entry has the raw ${raw}${where}${also}; ${hint}`;
}
