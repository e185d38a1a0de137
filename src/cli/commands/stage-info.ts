import { Failure } from "../../errors.ts";
import { bytesText, counted, countText, printable } from "../../lib/text.ts";
import { fetchList } from "../../regions/fetch-object.ts";
import { readList, withListPath } from "../../regions/file-list.ts";
import { pricesOf } from "../../regions/price-file.ts";
import { openRegions, type RegionsContext } from "../../regions/region.ts";
import { infoOf, type StagingInfo } from "../../regions/staging-info.ts";
import type { RegionView } from "../../regions/staging-view.ts";
import { type Found, findStaging } from "../../regions/stagings.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { costLines } from "../output/cost-text.ts";
import { priceNote } from "../output/figure-table.ts";
import { drained, printJson, printLine, tell } from "../output/print.ts";
import { createProblems } from "../output/problems.ts";
import { withRegions } from "../with-regions.ts";
import { leftText } from "./stage-list.ts";

/** Options of `stage info`. */
export interface StageInfoOptions extends InspectOptions {
  readonly id: string;
  /** Its files, as `sha256sum` writes them, and nothing else. */
  readonly files?: boolean;
}

/** Shows all that is known of a staging. @throws Failure */
export async function stageInfo(options: StageInfoOptions, context: Context): Promise<number> {
  return await withRegions(options, context, async (all) => {
    const { signal, settings } = all;
    const prices = pricesOf(settings);
    const { onProblem } = createProblems(context);
    const found = await findStaging(await openRegions(all), options.id, signal);
    if (options.files === true) return await printFiles(found, all, context);
    const info = await infoOf(found, prices, { signal, onProblem });
    if (options.json === true) printJson(context, info);
    else for (const line of infoLines(info)) printLine(context, printable(line));
    for (const warning of info.warnings) tell(context, printable(warning));
    const isKnown = info.regions.every(({ state }) => state !== "unknown");
    return isKnown ? exitCodes.done : exitCodes.entriesFailed;
  });
}

/** @throws Failure FILE_MISSING where it is complete in no region */
async function printFiles(
  { view, reads }: Found,
  all: RegionsContext,
  context: Context,
): Promise<number> {
  const from = reads.find(({ read }) => read.document.state === "complete");
  if (from === undefined)
    throw new Failure("FILE_MISSING", `${view.staging_id} is complete in no region`);
  const whole = { region: from.region, document: from.read.document };
  await withListPath(async (list) => {
    await fetchList(whole, list, all);
    for await (const { path, sha256 } of readList(list)) {
      const line = `${sha256}  ${path}`;
      printLine(context, context.out.isTTY ? printable(line) : line);
      await drained(context);
    }
  });
  return exitCodes.done;
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
