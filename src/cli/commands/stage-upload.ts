import { Failure } from "../../errors.ts";
import { bytesText, counted, durationText, printable } from "../../lib/text.ts";
import {
  beginAgain,
  beginUpload,
  forgetBegun,
  type NewUpload,
  planUpload,
  type Planned,
} from "../../regions/begin.ts";
import { isTaken } from "../../regions/begun.ts";
import type { Compression } from "../../regions/compression.ts";
import { isId, keptBytes } from "../../regions/document.ts";
import { type Estimated, estimatedFor } from "../../regions/estimated.ts";
import { knownIn } from "../../regions/known-stagings.ts";
import { secondsFor } from "../../regions/pace.ts";
import { pricesOf } from "../../regions/price-file.ts";
import type { PriceTable } from "../../regions/prices.ts";
import { allowAll, type PlannedPolicy, plannedPolicies } from "../../regions/grants.ts";
import { checkAccounts } from "../../regions/policy.ts";
import { openRegions, placesOf, type RegionsContext } from "../../regions/region.ts";
import { type StagingView, viewOf } from "../../regions/staging-view.ts";
import { sendToRegions, type UploadOptions } from "../../regions/upload.ts";
import { type CommonOptions, type Context, exitCodes } from "../command.ts";
import { printJson, printLine, tell } from "../output/print.ts";
import { summaryLines } from "../output/upload-summary.ts";
import { createBar } from "../output/progress-bar.ts";
import { names } from "../option-values.ts";
import { withChanges, withDocuments } from "../with-regions.ts";

/** Options of `stage upload`. */
export interface StageUploadOptions extends CommonOptions {
  /** Each is a staging of its own. */
  readonly paths: readonly string[];
  /** Separated by commas; the first one gets the files from here. */
  readonly regions: string;
  readonly dest?: string;
  /** Days. */
  readonly ttl: number;
  readonly sweepId?: string;
  /** Accounts that may read it. */
  readonly allowAccounts?: readonly string[];
  readonly compress?: Compression;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Brings files or trees to regions: all are looked at before the first one is sent. @throws Failure */
export async function stageUpload(options: StageUploadOptions, context: Context): Promise<number> {
  const { paths, dest: destination, ttl: days, sweepId, compress: compression } = options;
  const { dryRun = false, json = false } = options;
  if (paths.length > 1 && destination !== undefined)
    throw new Failure("USAGE", "--dest is the place of one path: there are several");
  const regions = names(options.regions);
  const { allowAccounts: accounts = [] } = options;
  checkAccounts(accounts);
  const onLeftOut = (each: string, what: string) => tell(context, `${each} is left out: ${what}`);
  return await withChanges(options, context, async (all) => {
    const prices = pricesOf(all.settings);
    const plans: { readonly wanted: NewUpload; readonly planned: Planned }[] = [];
    for (const path of paths) {
      const common = { path, regions, destination, days, sweepId };
      const wanted = { ...common, accounts, compression, onLeftOut };
      const planned = await planUpload(wanted, all.settings);
      plans.push({ wanted, planned });
      const what = `${planned.source.path}: ${countsText(planned)}, to ${regions.join(", ")}`;
      tell(context, printable(what));
    }
    const around = { all, prices, json, context };
    if (dryRun) {
      const opened = await openRegions(all, regions);
      const policies =
        accounts.length === 0 ? undefined : await plannedPolicies(opened, accounts, all);
      const { stagings } = await withDocuments(all, (known) =>
        knownIn(known, placesOf(all.settings)),
      );
      for (const each of plans) {
        const seconds = secondsFor(each.planned.size_bytes, regions, stagings.values());
        reportPlan({ ...each, policies, seconds }, around);
      }
      if (!json) for (const each of policies ?? []) showPolicy(each, context);
      return exitCodes.done;
    }
    let worst: number = exitCodes.done;
    for (const { wanted, planned } of plans) {
      const { source, size_bytes } = planned;
      const begun = await beginUpload(wanted, planned, all);
      await allowAll(begun, all).catch(async (error: unknown) => {
        // Nothing was sent: it leaves nothing.
        await forgetBegun(begun);
        throw error;
      });
      const code = await send({ source, begun, isAgain: false, size_bytes }, around);
      worst = Math.max(worst, code);
    }
    return worst;
  });
}

interface Plan {
  readonly wanted: NewUpload;
  readonly planned: Planned;
  /** Undefined without other accounts. */
  readonly policies: readonly PlannedPolicy[] | undefined;
  /** Undefined where nobody knows how fast it goes. */
  readonly seconds: number | undefined;
}

function reportPlan(
  { wanted: { regions, days, compression }, planned, policies, seconds }: Plan,
  { prices, json, context }: Omit<Around, "all">,
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

/** Options of `stage resume`. */
export interface StageResumeOptions extends CommonOptions {
  readonly id: string;
  readonly json?: boolean;
}

/** Goes on with an upload that was stopped or failed. @throws Failure */
export async function stageResume(options: StageResumeOptions, context: Context): Promise<number> {
  const { id, json = false } = options;
  if (!isId(id)) throw new Failure("USAGE", `${id} is no id of a staging`);
  return await withChanges(options, context, async (all) => {
    const prices = pricesOf(all.settings);
    const { source, begun } = await beginAgain(id, all);
    const size_bytes = begun[0].read.document.size_bytes;
    return await send({ source, begun, isAgain: true, size_bytes }, { all, prices, json, context });
  });
}

const DAY_MS = 86_400_000;

function showPolicy({ region, bucket, policy }: PlannedPolicy, context: Context): void {
  tell(context, printable(`${region}, ${bucket}: the policy would be`));
  printJson(context, policy);
}

interface Sending extends Omit<UploadOptions, "onProgress"> {
  readonly size_bytes: number;
}

interface Around {
  readonly all: RegionsContext;
  readonly prices: PriceTable;
  readonly json: boolean;
  readonly context: Context;
}

async function send(sending: Sending, { all, prices, json, context }: Around): Promise<number> {
  const { size_bytes, ...options } = sending;
  const { begun } = options;
  const id = begun[0].read.document.staging_id;
  const bar = createBar(context, "bytes");
  let now = "";
  const onProgress = ({ region, bytes }: { readonly region: string; readonly bytes: number }) => {
    if (region !== now) bar.say(`${id}: ${now === "" ? "to" : "copied to"} ${region}`);
    now = region;
    bar.update(bytes, () => size_bytes);
  };
  const documents = await sendToRegions({ ...options, onProgress }, all).catch((error: unknown) => {
    bar.end();
    // Where another process sends it, or deleted it, there is nothing to go on with.
    if (!isTaken(error))
      tell(context, `${id} is not complete: \`stage resume ${id}\` goes on with it`);
    throw error;
  });
  bar.end();
  // Who changed a policy meanwhile may not have known of this one.
  await allowAll(begun, all);
  const answers = documents.map((document, i) => ({
    region: document.region,
    bucket: begun[i]?.region.bucket.name ?? "",
    document,
  }));
  const view = viewOf(answers) as StagingView;
  report(view, { prices, json, context });
  return view.state === "complete" ? exitCodes.done : exitCodes.entriesFailed;
}

/** On a terminal all of it; for programs that read the output, the id alone, and the rest on stderr. */
function report(view: StagingView, { prices, json, context }: Omit<Around, "all">): void {
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

function countsText({
  size_bytes,
  file_count,
}: Pick<Planned, "size_bytes" | "file_count">): string {
  return `${counted(file_count, "file")}, ${bytesText(size_bytes)}`;
}
