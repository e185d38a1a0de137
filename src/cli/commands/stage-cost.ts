import { Failure } from "../../errors.ts";
import { printable } from "../../lib/text.ts";
import { costReport } from "../../regions/cost-report.ts";
import { knownIn } from "../../regions/known-stagings.ts";
import { pricesOf } from "../../regions/price-file.ts";
import { readBuckets } from "../../regions/read-buckets.ts";
import { openRegions, placesOf } from "../../regions/region.ts";
import { type CommonOptions, type Context, exitCodes } from "../command.ts";
import { costCsv, costText } from "../output/cost-text.ts";
import { printJson, printText, tell } from "../output/print.ts";
import { createProblems } from "../output/problems.ts";
import { writeAll } from "../output/write.ts";
import { withDocuments, withRegions } from "../with-regions.ts";

/** Options of `stage cost`. */
export interface StageCostOptions extends CommonOptions {
  /** A day or a time, ISO 8601. */
  readonly since?: string;
  readonly stagingId?: string;
  readonly sweepId?: string;
  readonly format: "table" | "json" | "csv";
  readonly json?: boolean;
}

/** Prints what stagings cost, those that were removed too. @throws Failure */
export async function stageCost(options: StageCostOptions, context: Context): Promise<number> {
  const { stagingId: id, sweepId } = options;
  const since = timeOf(options.since);
  return await withRegions(options, context, async (all) => {
    const { settings, signal } = all;
    const prices = pricesOf(settings);
    const regions = await openRegions(all);
    const { onProblem, count } = createProblems(context);
    const known = await withDocuments(all, async (documents) => {
      await readBuckets(regions, { documents, when: "if old", signal, onProblem });
      return await knownIn(documents, placesOf(settings));
    });
    const period = { since, until: Date.now() };
    const report = costReport(known, period, { prices, id, sweepId });
    const format = options.json === true ? "json" : options.format;
    if (format === "json") printJson(context, report);
    else if (format === "csv") await writeAll(context, costCsv(report, context.out.isTTY));
    else printText(context, costText(report));
    for (const warning of report.warnings) tell(context, printable(warning));
    return count() === 0 ? exitCodes.done : exitCodes.entriesFailed;
  });
}

/** ms since epoch; 0 for undefined. @throws Failure USAGE */
function timeOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const ms = /^\d{4}-\d\d-\d\d(T|$)/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms))
    throw new Failure("USAGE", "--since is a day or a time, such as 2026-11-30");
  return ms;
}
