import { bytesText, counted, countText, durationText, printable } from "../../lib/text.ts";
import { openRegions } from "../../regions/region.ts";
import { pricesOf } from "../../regions/price-file.ts";
import { infoOf, type StagingInfo } from "../../regions/staging-info.ts";
import type { RegionView, StagingView } from "../../regions/staging-view.ts";
import { findStaging, readStagings } from "../../regions/stagings.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { costLines } from "../output/cost-text.ts";
import { priceNote } from "../output/figure-table.ts";
import { printJson, printLine, printText, table, tabbed, tell } from "../output/print.ts";
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
    let problems = 0;
    const onProblem = (name: string, message: string) => {
      problems += 1;
      tell(context, printable(`${name}: ${message}`));
    };
    const regions = await openRegions(all);
    const { signal } = all;
    const when = refresh ? "anew" : "if old";
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
    return problems === 0 ? exitCodes.done : exitCodes.entriesFailed;
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
function leftText({ expires_at }: StagingView): string {
  const ms = Date.parse(expires_at) - Date.now();
  return ms <= 0 ? "expired" : durationText(ms);
}

/** Options of `stage info`. */
export interface StageInfoOptions extends InspectOptions {
  readonly id: string;
}

/** Shows all that is known of a staging. @throws Failure */
export async function stageInfo(options: StageInfoOptions, context: Context): Promise<number> {
  return await withRegions(options, context, async (all) => {
    const { signal, settings } = all;
    const prices = pricesOf(settings);
    const onProblem = (name: string, message: string) =>
      tell(context, printable(`${name}: ${message}`));
    const found = await findStaging(await openRegions(all), options.id, signal);
    const info = await infoOf(found, prices, { signal, onProblem });
    if (options.json === true) printJson(context, info);
    else for (const line of infoLines(info)) printLine(context, printable(line));
    for (const warning of info.warnings) tell(context, printable(warning));
    const isKnown = info.regions.every(({ state }) => state !== "unknown");
    return isKnown ? exitCodes.done : exitCodes.entriesFailed;
  });
}

function regionLine({ region, location = "", state, reason, uses }: RegionView): string {
  const fetched = uses === undefined ? "" : `, fetched by ${counted(uses, "machine")}`;
  return `  ${region}: ${location} ${state}${reason === null ? "" : ` (${reason})`}${fetched}`;
}

function infoLines(view: StagingInfo): string[] {
  const { staging_id, filename, size_bytes, file_count, sha256, sweep_id, state } = view;
  const { compression, stored_bytes } = view;
  return [
    `Staging ID: ${staging_id}`,
    `${view.kind === "file" ? "File" : "Tree"}: ${filename}`,
    `State: ${state}`,
    `Size: ${bytesText(size_bytes)} (${countText(size_bytes)} bytes)`,
    ...(compression === undefined
      ? []
      : [
          `Stored: ${compression}, ${stored_bytes === undefined ? "not known yet" : bytesText(stored_bytes)}`,
        ]),
    view.kind === "file"
      ? `SHA256: ${sha256 ?? "not known yet"}`
      : `Files: ${countText(file_count)}`,
    `Uploaded: ${view.uploaded_at}`,
    `Expires: ${view.expires_at} (${leftText(view)})`,
    `Sweep ID: ${sweep_id ?? "-"}`,
    "Regions:",
    ...view.regions.map(regionLine),
    `Destination: ${view.destination}`,
    "Cost to date:",
    ...costLines(view.cost, view.prices.currency).map((line) => `  ${line}`),
    priceNote(view.prices),
  ];
}
