import { createInterface } from "node:readline/promises";
import { Failure } from "../../errors.ts";
import { bytesText, counted, printable } from "../../lib/text.ts";
import { cleanUp } from "../../regions/cleanup.ts";
import { openRegions } from "../../regions/region.ts";
import { type Removed, removeStaging } from "../../regions/remove.ts";
import type { StagingView } from "../../regions/staging-view.ts";
import { findStaging } from "../../regions/stagings.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { printJson, printLine, tell } from "../output/print.ts";
import { createProblems } from "../output/problems.ts";
import { withChanges, withDocuments } from "../with-regions.ts";

/** Options of `stage delete`. */
export interface StageDeleteOptions extends InspectOptions {
  readonly id: string;
  readonly yes?: boolean;
}

/** Removes a staging; asks on a terminal. @throws Failure */
export async function stageDelete(options: StageDeleteOptions, context: Context): Promise<number> {
  const { id, yes = false, json = false } = options;
  return await withChanges(options, context, async (all) => {
    const found = await findStaging(await openRegions(all), id, all.signal);
    if (!yes && !(await isWanted(found.view, context, all.signal))) return exitCodes.failed;
    const removed = (await removeStaging(found, () => true, all.signal)) ?? [];
    const asked = new Set(removed.map(({ region }) => region));
    const unasked = found.view.regions
      .filter(({ region, state }) => state === "unknown" && !asked.has(region))
      .map(({ region, reason }) => ({ region, objects: 0, left: reason }));
    const regions = [...removed, ...unasked];
    if (json) printJson(context, { staging_id: id, regions });
    else for (const each of regions) printLine(context, printable(removedText(each)));
    return regions.every(({ left }) => left === null) ? exitCodes.done : exitCodes.failed;
  });
}

function removedText({ region, objects, left }: Removed): string {
  const removed = `${region}: ${counted(objects, "object")} removed`;
  return left === null ? removed : `${removed}, not all: ${left}`;
}

/** @throws Failure USAGE where nobody can be asked */
async function isWanted(
  { staging_id, filename, size_bytes, regions }: StagingView,
  context: Context,
  signal: AbortSignal,
): Promise<boolean> {
  if (!process.stdin.isTTY || !context.err.isTTY)
    throw new Failure("USAGE", "nobody can be asked here: --yes deletes without asking");
  const where = regions.map(({ region }) => region).join(", ");
  tell(context, printable(`${staging_id}: ${filename}, ${bytesText(size_bytes)}, in ${where}`));
  const asking = createInterface({ input: process.stdin, output: context.err });
  try {
    const answer = await asking.question("Delete it from all regions? [y/N]: ", { signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    asking.close();
  }
}

/** Options of `stage cleanup`. */
export interface StageCleanupOptions extends InspectOptions {
  readonly expired?: boolean;
  readonly sweepId?: string;
}

/** Removes stagings whose time is over, or that have a label. @throws Failure USAGE */
export async function stageCleanup(
  options: StageCleanupOptions,
  context: Context,
): Promise<number> {
  const { expired: isExpired = false, sweepId, json = false } = options;
  if (!isExpired && sweepId === undefined)
    throw new Failure("USAGE", "say which: --expired, --sweep-id, or both");
  return await withChanges(options, context, async (all) => {
    const { onProblem, count } = createProblems(context);
    const { signal } = all;
    const regions = await openRegions(all);
    const done = await withDocuments(all, (documents) =>
      cleanUp(regions, { isExpired, sweepId, documents, signal, onProblem }),
    );
    const stagings = done.stagings.map(({ id, regions }) => ({ staging_id: id, regions }));
    if (json) printJson(context, { stagings, uploads: done.uploads });
    else {
      for (const { staging_id, regions } of stagings)
        for (const each of regions)
          printLine(context, printable(`${staging_id}: ${removedText(each)}`));
      const uploads = counted(done.uploads, "upload in parts", "uploads in parts");
      printLine(context, `${counted(stagings.length, "staging")}, ${uploads}`);
    }
    const isAll = stagings.every(({ regions }) => regions.every(({ left }) => left === null));
    return isAll && count() === 0 ? exitCodes.done : exitCodes.entriesFailed;
  });
}
