import { bytesText, counted, durationText, printable } from "../../lib/text.ts";
import { keptBytes } from "../../regions/document.ts";
import { type Estimated, estimatedFor } from "../../regions/estimated.ts";
import type { PlannedPolicy } from "../../regions/grants.ts";
import type { NewUpload, Planned } from "../../regions/plan.ts";
import type { PriceTable } from "../../regions/prices.ts";
import type { StagingView } from "../../regions/staging-view.ts";
import type { Context } from "../command.ts";
import { printJson, printLine, tell } from "./print.ts";
import { summaryLines } from "./upload-summary.ts";

/** The form of a report, and where it goes. */
export interface Reporting {
  readonly prices: PriceTable;
  readonly json: boolean;
  readonly context: Context;
}

const DAY_MS = 86_400_000;

/** The findings of a dry run. */
export interface Plan {
  readonly wanted: NewUpload;
  readonly planned: Planned;
  /** Undefined without other accounts. */
  readonly policies: readonly PlannedPolicy[] | undefined;
  /** Undefined where nobody knows how fast it goes. */
  readonly seconds: number | undefined;
}

/** Says what an upload would take. */
export function reportPlan(
  { wanted: { regions, days, compression }, planned, policies, seconds }: Plan,
  { prices, json, context }: Reporting,
): void {
  const { source, size_bytes, file_count, left_out, requests } = planned;
  const estimate = estimatedFor({ bytes: size_bytes, regions, days }, prices);
  if (json) {
    const counts = { source_path: source.path, size_bytes, file_count, left_out };
    const time = seconds === undefined ? null : Math.ceil(seconds);
    const costs = { compression: compression ?? null, requests, seconds: time, estimate };
    return printJson(context, { ...counts, ...costs, ...(policies && { policies }) });
  }
  const most = compression === undefined ? "" : "at most ";
  const { put, get } = requests;
  tell(context, `it takes ${most}${counted(put, "request")} to write or list, ${get} to read`);
  const time =
    seconds === undefined
      ? "nobody knows yet how long it takes: the first upload to these regions says it"
      : `it takes about ${durationText(seconds * 1000)}, at the rate of the latest upload`;
  tell(context, time);
  tell(
    context,
    `each machine that fetches it needs ${bytesText(size_bytes)} of disk; this one none`,
  );
  for (const line of summaryLines(estimate)) tell(context, printable(line));
}

/** Says what the policy of a bucket would be. */
export function showPolicy({ region, bucket, policy }: PlannedPolicy, context: Context): void {
  tell(context, printable(`${region}, ${bucket}: the policy would be`));
  printJson(context, policy);
}

/** On a terminal all of it; for programs that read the output, the id alone, and the rest on stderr. */
export function reportStaging(view: StagingView, { prices, json, context }: Reporting): void {
  if (json) return printJson(context, view);
  const { staging_id: id, filename, expires_at, destination, regions } = view;
  const isShown = context.out.isTTY;
  const say = (line: string) =>
    isShown ? printLine(context, printable(line)) : tell(context, printable(line));
  printLine(context, id);
  say(`${filename}: ${countsText(view)}, until ${expires_at}`);
  for (const { region, state, reason, location } of regions)
    say(`  ${region}: ${state}  ${reason ?? location}`);
  say(`on a machine: staging-sampler stage download ${id}`);
  say(`it comes to ${destination} there`);
  for (const line of summaryLines(estimateOf(view, prices))) say(line);
}

function estimateOf(view: StagingView, prices: PriceTable): Estimated {
  const { uploaded_at, expires_at } = view;
  const regions = view.regions.map(({ region }) => region);
  const days = Math.round((Date.parse(expires_at) - Date.parse(uploaded_at)) / DAY_MS);
  return estimatedFor({ bytes: keptBytes(view), regions, days }, prices);
}

/** `3 files, 1.2 GiB`. */
export function countsText({
  size_bytes,
  file_count,
}: Pick<Planned, "size_bytes" | "file_count">): string {
  return `${counted(file_count, "file")}, ${bytesText(size_bytes)}`;
}
