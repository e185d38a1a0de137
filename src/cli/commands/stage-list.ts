import { bytesText, durationText } from "../../lib/text.ts";
import { openRegions } from "../../regions/region.ts";
import type { StagingView } from "../../regions/staging-view.ts";
import { readStagings } from "../../regions/stagings.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { printJson, printText, table, tabbed } from "../output/print.ts";
import { createProblems } from "../output/problems.ts";
import { withDocuments, withRegions } from "../with-regions.ts";

/** Options of `stage list`. */
export interface StageListOptions extends InspectOptions {
  readonly sweepId?: string;
  readonly region?: string;
  readonly refresh?: boolean;
  readonly format?: "table" | "json" | "yaml";
}

/** Lists the stagings that the buckets have. @throws Failure */
export async function stageList(options: StageListOptions, context: Context): Promise<number> {
  const { sweepId, region, refresh = false, json = false } = options;
  const format = json ? "json" : (options.format ?? "table");
  return await withRegions(options, context, async (all) => {
    const { onProblem, count } = createProblems(context);
    const regions = await openRegions(all);
    const { signal } = all;
    const when = refresh ? "all" : "if old";
    const stagings = await withDocuments(all, (documents) =>
      readStagings(regions, { documents, when, signal, onProblem }),
    );
    const isIn = (each: StagingView) => each.regions.some((one) => one.region === region);
    const chosen = stagings
      .filter((each) => sweepId === undefined || each.sweep_id === sweepId)
      .filter((each) => region === undefined || isIn(each));
    if (format === "json") printJson(context, chosen);
    else if (format === "yaml") await printYaml(chosen, context);
    else printTable(chosen, context);
    return count() === 0 ? exitCodes.done : exitCodes.entriesFailed;
  });
}

async function printYaml(value: unknown, context: Context): Promise<void> {
  const { yamlText } = await import("../../config/yaml-text.ts");
  printText(context, yamlText(value).trimEnd());
}

const headings = ["STAGING ID", "SIZE", "REGIONS", "UPLOADED", "TTL", "SWEEP ID", "STATE"];

function printTable(stagings: readonly StagingView[], context: Context): void {
  const { isTTY } = context.out;
  const rows = stagings.map((each) => [
    each.staging_id,
    isTTY ? bytesText(each.size_bytes) : each.size_bytes,
    each.regions.map(({ region }) => region).join(","),
    each.uploaded_at,
    isTTY ? leftText(each) : each.expires_at,
    each.sweep_id ?? "-",
    each.state,
  ]);
  printText(context, (isTTY ? table : tabbed)(headings, rows));
}

/** Time that is left. */
export function leftText({ expires_at }: StagingView): string {
  const ms = Date.parse(expires_at) - Date.now();
  return ms <= 0 ? "expired" : durationText(ms);
}
