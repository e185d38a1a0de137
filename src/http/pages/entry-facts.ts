import type { WholeEntry } from "../../store/rows.ts";
import { join } from "node:path";
import { Failure } from "../../errors.ts";
import { wholeFileOf } from "../../inspect/whole-file.ts";
import { codeOf } from "../../inspect/code.ts";
import type { LocalFile } from "../../lake/local-file.ts";
import type { Settings } from "../../config/settings.ts";
import { checkShown, shownRecord } from "../../masking/shown.ts";
import { findReceipt } from "../../samples/find-receipt.ts";
import type { View } from "../../view/view.ts";
import { commandsFor } from "./commands.ts";
import type { EntryFacts } from "./entry.ts";
import { headOf } from "./entry-head.ts";
import { findingsOf } from "./findings.ts";
import { heldSample, heldSamples, nameIn, openSample, told } from "../../samples/open.ts";
import { SHOWN_ROWS } from "./sample-tables.ts";
import type { ViewInThread } from "../../inspect/view-threads.ts";

/** Gathers what is shown of an entry; `now` is ms since epoch. @throws what the cache throws */
export async function entryFacts(
  { settings, viewInThread }: { readonly settings: Settings; readonly viewInThread: ViewInThread },
  entry: WholeEntry,
  now: number,
): Promise<Omit<EntryFacts, "from" | "list" | "neighbours">> {
  const { dataset, raw, outcome } = entry;
  const canRetry = outcome === "failed" || outcome === "pruned";
  const commands = commandsFor(settings, { dataset, raw, canRetry });
  const found = await lookAt(settings, entry, viewInThread);
  const { view } = found;
  const path = join(settings.prefix, dataset, entry.sample ?? "");
  const code =
    view === undefined || view instanceof Error ? [] : codeOf({ entry, path, view }, settings);
  const whole = await wholeFileOf(
    settings,
    { entry, receipt: found.receipt },
    (file, { format, size, ...options }) =>
      viewInThread(file, { rows: 0, ...options }, { format, size }),
  );
  const head = await headOf(settings, entry, viewInThread);
  const findings = await findingsOf(settings, { dataset, raw });
  return { entry, commands, code, head, whole, findings, now, ...found };
}

/** Opens the sample of an entry, to be closed. @throws Failure FILE_MISSING, PATH_REFUSED, … */
export async function openSampleOf(
  settings: Settings,
  { dataset, sample, mask }: Pick<WholeEntry, "dataset" | "sample" | "mask">,
): Promise<{ readonly file: LocalFile; readonly name: string }> {
  if (sample === null) throw new Failure("FILE_MISSING", "this entry has no sample");
  checkShown(settings.forDataset(dataset).mask, { mask });
  using held = heldSamples(settings, dataset);
  return { file: openSample(held, sample), name: nameIn(sample) };
}

async function lookAt(
  settings: Settings,
  entry: WholeEntry,
  viewInThread: ViewInThread,
): Promise<Pick<EntryFacts, "view" | "receipt">> {
  if (entry.sample === null) return { view: undefined, receipt: null };
  const { extensions, mask } = settings.forDataset(entry.dataset);
  try {
    checkShown(mask, entry);
    using held = heldSamples(settings, entry.dataset);
    const show = async (sample: string): Promise<View> => {
      const { path, roots } = heldSample(held, sample);
      return viewInThread(path, { rows: SHOWN_ROWS, roots, extensions });
    };
    const view = await show(entry.sample).catch((error: unknown) => told(held, error));
    const receipt = await findReceipt(held, entry);
    return { view: shownOrThrown(view), receipt: receipt && shownRecord(receipt, mask) };
  } catch (error) {
    return { view: shownOrThrown(error), receipt: null };
  }
}

/**
 * Returns a view, or the failure of a sample to be shown in its place.
 * @throws any other error: a fault of ours
 */
function shownOrThrown(found: unknown): View | Error {
  if (found instanceof Error && !(found instanceof Failure)) throw found;
  return found as View | Error;
}
