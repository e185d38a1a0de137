import { errorMessage, Failure } from "../errors.ts";
import type { StagingDocument } from "./document.ts";
import type { Region } from "./region.ts";
import { abortAbandoned, type Removed, removeStaging } from "./remove.ts";
import type { StagingView } from "./staging-view.ts";
import type { ReadBuckets } from "./read-buckets.ts";
import { findStaging, readStagings } from "./stagings.ts";

/** Options of `cleanUp`. */
export interface CleanUp extends Pick<ReadBuckets, "documents" | "signal" | "onProblem"> {
  /** Only those whose time is over. */
  readonly isExpired: boolean;
  /** Only those with this label. */
  readonly sweepId: string | undefined;
}

/** The result of a clean-up. */
export interface CleanedUp {
  readonly stagings: readonly { readonly id: string; readonly regions: readonly Removed[] }[];
  /** Uploads in parts that nobody goes on with, given up. */
  readonly uploads: number;
}

/**
 * Removes stagings, goes on with those that were being removed, and gives up abandoned uploads. Of each
 * the documents are read again just before: one that was extended meanwhile stays. So does one of which
 * a region cannot be asked: it may have been extended there.
 * @throws the signal's reason
 */
export async function cleanUp(regions: readonly Region[], options: CleanUp): Promise<CleanedUp> {
  const stagings: { readonly id: string; readonly regions: readonly Removed[] }[] = [];
  const views = await readStagings(regions, { ...options, when: "always" });
  for (const { staging_id: id } of views.filter((view) => isMeant(view, options))) {
    const removed = await orTold(id, options, () => removeOne(regions, id, options));
    if (removed !== undefined) stagings.push({ id, regions: removed });
  }
  let uploads = 0;
  for (const region of regions)
    uploads += (await orTold(region.name, options, () => abortAbandoned(region))) ?? 0;
  return { stagings, uploads };
}

async function removeOne(
  regions: readonly Region[],
  id: string,
  options: CleanUp,
): Promise<readonly Removed[] | undefined> {
  const found = await findStaging(regions, id, options.signal);
  if (!isMeant(found.view, options)) return undefined;
  const unknown = found.view.regions.find(({ state }) => state === "unknown");
  if (unknown !== undefined)
    throw new Failure("UNREACHABLE", `it stays: ${unknown.region}: ${unknown.reason}`);
  const isBegun = found.view.state === "deleting";
  const isWanted = (document: StagingDocument) => !options.isExpired || isBegun || isOver(document);
  return await removeStaging(found, isWanted, options.signal);
}

function isMeant(view: StagingView, { isExpired, sweepId }: CleanUp): boolean {
  const isLabelled = sweepId === undefined || view.sweep_id === sweepId;
  return isLabelled && (!isExpired || isOver(view) || view.state === "deleting");
}

function isOver({ expires_at }: { readonly expires_at: string }): boolean {
  return Date.parse(expires_at) <= Date.now();
}

/** Does some work; a failure is told, and does not stop the rest. @throws the signal's reason */
async function orTold<T>(
  what: string,
  { signal, onProblem }: CleanUp,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    onProblem(what, errorMessage(error));
    return undefined;
  }
}
