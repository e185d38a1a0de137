import { Failure } from "../../errors.ts";
import { printable } from "../../lib/text.ts";
import { beginAgain, beginUpload, forgetBegun } from "../../regions/begin.ts";
import { isTaken } from "../../regions/begun.ts";
import type { Compression } from "../../regions/compression.ts";
import { isId } from "../../regions/document.ts";
import { knownIn } from "../../regions/known-stagings.ts";
import { secondsFor } from "../../regions/pace.ts";
import { type NewUpload, type Planned, planUpload } from "../../regions/plan.ts";
import { pricesOf } from "../../regions/price-file.ts";
import { allowAll, plannedPolicies } from "../../regions/grants.ts";
import { checkAccounts } from "../../regions/policy.ts";
import { openRegions, placesOf, type RegionsContext } from "../../regions/region.ts";
import { type StagingView, viewOf } from "../../regions/staging-view.ts";
import { sendToRegions, type UploadOptions } from "../../regions/upload.ts";
import { type CommonOptions, type Context, exitCodes } from "../command.ts";
import { tell } from "../output/print.ts";
import {
  countsText,
  type Reporting,
  reportPlan,
  reportStaging,
  showPolicy,
} from "../output/upload-report.ts";
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

interface Sending extends Omit<UploadOptions, "onProgress"> {
  readonly size_bytes: number;
}

interface Around extends Reporting {
  readonly all: RegionsContext;
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
  reportStaging(view, { prices, json, context });
  return view.state === "complete" ? exitCodes.done : exitCodes.entriesFailed;
}
